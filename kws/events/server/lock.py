"""One daemon per ipc endpoint.

ZeroMQ lets a second process bind the same ipc path and thereby steal it silently; a lock on
a file beside the socket is what tells the second one no.  The kernel drops the lock with the
process, so that nothing is left to clean up after SIGKILL.
"""

import contextlib
import fcntl
import os
import stat
from pathlib import Path

from kws.errors import EndpointError


class EndpointLock:
    """Holds ``<socket>.lock`` until `release`.

    Nobody else can hold it: whoever can open a file can lock it, so only its owner may open it.
    """

    def __init__(self, socket_path: Path) -> None:
        """Take the lock.

        Raises `EndpointError` that names the process which has it, or if something stands where
        the socket belongs that is none: ZeroMQ would remove it silently.
        """
        self._socket = socket_path
        self._path = socket_path.with_name(socket_path.name + ".lock")
        self._bound: os.stat_result | None = None
        _refuse_what_is_no_socket(socket_path)
        try:
            self._file = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise EndpointError(f"cannot write the lock {self._path}: {error.strerror}") from error
        try:
            os.fchmod(self._file, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._file)
            os.close(self._file)
            if not isinstance(error, BlockingIOError):
                raise EndpointError(f"cannot lock {self._path}: {error.strerror}") from error
            raise EndpointError(
                f"ipc://{socket_path} belongs to a running daemon (pid {holder}): "
                "stop that one, or choose other endpoints with --events and --control"
            ) from error

    def bound(self) -> None:
        """The socket has been bound: what is there now is ours."""
        self._bound = os.lstat(self._socket)

    @property
    def lost(self) -> str | None:
        """What of ours is no longer there, or None: a lock or a socket that somebody removed."""
        for path, ours in ((self._path, os.fstat(self._file)), (self._socket, self._bound)):
            try:
                there = os.lstat(path)
            except OSError:
                return f"{path} was removed"
            if ours is not None and not os.path.samestat(there, ours):
                return f"{path} was replaced"
        return None

    def release(self) -> None:
        """Remove the socket, which ZeroMQ leaves behind, and let others have the endpoint.

        A socket that somebody else has bound meanwhile stays, and so does the lock file: to remove
        it would be a race.
        """
        with contextlib.suppress(OSError):
            if self._bound is not None and os.path.samestat(os.lstat(self._socket), self._bound):
                self._socket.unlink()
        os.close(self._file)


def _refuse_what_is_no_socket(path: Path) -> None:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # nothing is there; why, if it matters, binding will say
    if not stat.S_ISSOCK(mode):
        raise EndpointError(
            f"{path} is no socket and will not be replaced by one: choose another endpoint with "
            "--events and --control"
        )


def _holder(descriptor: int) -> str:
    """The process that has locked a file, as the kernel knows it."""
    status = os.fstat(descriptor)
    file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    with contextlib.suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            # "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
            fields = line.split()
            if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == file:
                return fields[4]
    return "unknown"
