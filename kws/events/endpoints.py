"""Where the events are: default endpoints, the search of a client, and what may be bound."""

import ipaddress
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kws.errors import EndpointError

LONGEST_IPC_PATH = 107
"""Bytes of a Unix socket's path on Linux (108 with the closing NUL)."""

SYSTEM_DIRECTORY = Path("/run/kws")

_HOST_AND_PORT = re.compile(
    r"(?P<host>\[[\w.:%-]+\]|[a-z0-9][\w.-]*|\*):(?P<port>\d{1,5}|\*)", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True)
class Endpoints:
    """The two ZeroMQ endpoints of a daemon; a client may know only one, the other is empty."""

    events: str
    control: str


def default_endpoints(environment: Mapping[str, str] = os.environ) -> Endpoints:
    """Where `kws listen` binds unless told otherwise; makes the directory when it has to.

    ``$RUNTIME_DIRECTORY`` (systemd), else ``$XDG_RUNTIME_DIR/kws``, else a private directory of
    the user in the temp folder.  Raises `EndpointError` when that one belongs to somebody else.
    """
    runtime = environment.get("RUNTIME_DIRECTORY")
    if runtime:
        return _in_directory(Path(runtime.split(":")[0]))
    directory = user_directory(environment)
    _make_private(directory)
    return _in_directory(directory)


def endpoints_to_bind(events: str | None, control: str | None) -> Endpoints:
    """What was asked for, and the default for what was not; raises as `default_endpoints` does."""
    if events is None or control is None:
        default = default_endpoints()
        events, control = events or default.events, control or default.control
    return Endpoints(events, control)


def user_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The directory of this user's own daemon; it need not exist."""
    session = environment.get("XDG_RUNTIME_DIR")
    if session and Path(session).is_dir():
        return Path(session) / "kws"
    return private_directory(environment)


def private_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The directory of this user in the temp folder, where others could have made it first."""
    return Path(environment.get("TMPDIR") or tempfile.gettempdir()) / f"kws-{os.getuid()}"


def candidates(
    events: str | None = None,
    control: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> list[Endpoints]:
    """Where a client looks, best first.

    What it was told by flags or by ``KWS_EVENTS`` and ``KWS_CONTROL``; if nothing was said, the
    user's own daemon and then the system's.  An endpoint that nobody named stays empty.
    """
    told = Endpoints(
        events or environment.get("KWS_EVENTS", ""), control or environment.get("KWS_CONTROL", "")
    )
    if told.events or told.control:
        return [told]
    return [_in_directory(user_directory(environment)), _in_directory(SYSTEM_DIRECTORY)]


def ipc_path(endpoint: str) -> Path | None:
    """The file of an ``ipc://`` endpoint; None for other transports and abstract names."""
    name = endpoint.removeprefix("ipc://")
    return None if name == endpoint or name.startswith("@") else Path(name)


def check_form(endpoint: str, wildcards: bool = False) -> None:
    """Raises `EndpointError` for what ZeroMQ cannot connect to.

    With ``wildcards``, what can only be bound (``tcp://*:5570``, ``tcp://127.0.0.1:*``) passes too.
    """
    transport, _, address = endpoint.partition("://")
    if transport == "ipc":
        sound = address not in ("", "@")
    else:
        sound = transport == "tcp" and _HOST_AND_PORT.fullmatch(address) is not None
        sound = sound and (wildcards or "*" not in address)
    # ZeroMQ takes UTF-8 without NUL; the name of a folder may be neither.
    if not (sound and endpoint.isprintable()):
        raise EndpointError(
            f"{endpoint!r} is no endpoint: use ipc:///path/to/socket or tcp://host:port"
        )
    length = len(os.fsencode(address))
    if transport == "ipc" and length > LONGEST_IPC_PATH:
        raise EndpointError(
            f"the path of {endpoint} has {length} bytes and a socket takes {LONGEST_IPC_PATH} "
            "at most: choose a shorter one"
        )


def check_bindable(endpoint: str, has_keys: bool, insecure: bool = False) -> None:
    """Raises `EndpointError` for an endpoint that makes no sense or would be open to the world."""
    check_form(endpoint, wildcards=True)
    if has_keys or insecure:
        return
    address = endpoint.partition("://")[2]
    tcp = _HOST_AND_PORT.fullmatch(address) if endpoint.startswith("tcp://") else None
    if tcp is not None and not _is_loopback(tcp["host"].strip("[]")):
        raise EndpointError(
            f"{endpoint} can be reached from other machines and has no keys: take an ipc or "
            "loopback endpoint; `kws listen` also has --keys (see `kws keygen`) and --insecure"
        )
    if tcp is None and address.startswith("@"):
        raise EndpointError(
            f"{endpoint} is no file, so every local user may connect: use ipc:///path/to/socket; "
            "`kws listen` also has --keys (see `kws keygen`) and --insecure"
        )


def check_different(events: str, control: str) -> None:
    """Raises `EndpointError` where both sockets of a daemon would have one endpoint."""
    paths = [ipc_path(endpoint) for endpoint in (events, control)]
    same_file = None not in paths and len({os.path.realpath(path) for path in paths if path}) == 1
    if same_file or (events == control and not events.endswith(":*")):
        raise EndpointError(
            f"events and control are the same endpoint, {events}: give --control another one"
        )


def check_private(directory: Path) -> None:
    """Raises `EndpointError` when somebody else could have put a socket into ``directory``.

    And `OSError` when it cannot be looked at.
    """
    status = directory.lstat()
    mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    if not mine or status.st_mode & 0o022:
        raise EndpointError(
            f"{directory} belongs to, or can be written by, somebody else: remove it, "
            "or say --events and --control"
        )


def _is_loopback(host: str) -> bool:
    if host in ("localhost", "lo"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, an interface or *
        return False


def _in_directory(directory: Path) -> Endpoints:
    return Endpoints(f"ipc://{directory / 'events'}", f"ipc://{directory / 'control'}")


def _make_private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        check_private(directory)
    except OSError as error:
        raise EndpointError(f"cannot make {directory} for the sockets: {error.strerror}") from error
