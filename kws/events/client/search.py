"""How a client finds the daemon, and what it says when it does not."""

import grp
import socket
import time
from pathlib import Path
from typing import Literal

from kws.errors import EndpointError, NoDaemonError
from kws.events.endpoints import (
    Endpoints,
    candidates,
    check_form,
    check_private,
    ipc_path,
    private_directory,
)

_LOOK_AGAIN = 0.2


def find_daemon(
    needed: Literal["events", "control"],
    events: str | None = None,
    control: str | None = None,
    wait: bool = False,
) -> Endpoints:
    """The first of `candidates` where somebody listens at the ``needed`` endpoint.

    An ipc socket is tried out, a TCP endpoint is taken at its word.  With ``wait`` the search
    goes on until a daemon is there.  Raises `NoDaemonError` with what was tried, and
    `EndpointError` for what is not an endpoint, or when a daemon is there but not for this user, or
    somebody else has made the user's directory in the temp folder.
    """
    places = [place for place in candidates(events, control) if getattr(place, needed)]
    for endpoint in (name for place in places for name in (place.events, place.control) if name):
        check_form(endpoint)
    while True:
        denied = None
        for place in places:
            path = ipc_path(getattr(place, needed))
            try:
                if path is None or _somebody_listens(path):
                    return place
            except PermissionError:
                denied = denied or path
        if not wait:
            break
        time.sleep(_LOOK_AGAIN)
    if denied is not None:
        raise EndpointError(_explain_denied(denied))
    tried = " or ".join(getattr(place, needed) for place in places) or "an unknown endpoint"
    raise NoDaemonError(
        f"no daemon answers at {tried}: start one with `kws listen`, "
        f"or name its endpoint ({needed}=... in Python, --{needed} on the command line)"
    )


def _somebody_listens(path: Path) -> bool:
    # A daemon that was killed leaves its socket behind: only connecting tells.
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            if path.parent == private_directory():
                check_private(path.parent)
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
    return True


def _explain_denied(path: Path) -> str:
    group = group_of(path)
    return (
        f"permission denied at {path}: only the group {group} may connect; "
        f"run `sudo usermod -aG {group} $USER` and log in again"
    )


def group_of(path: Path) -> str:
    """Group of the path, or of the nearest folder above that may be looked at."""
    try:
        number = path.stat().st_gid
    except PermissionError:
        return group_of(path.parent)
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
