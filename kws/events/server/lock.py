"""One daemon per ipc endpoint.

ZeroMQ lets a second process bind the same ipc path and thereby steal it without a word; a lock on
a file beside the socket is what tells the second one no.  The kernel drops the lock with the
process, so that nothing is left to clean up after SIGKILL.
"""

import fcntl
import os
from pathlib import Path

from kws.errors import EndpointError


class EndpointLock:
    """Holds ``<socket>.lock`` until `release`, with the process id of the holder inside."""

    def __init__(self, socket_path: Path) -> None:
        """Take the lock, or raise `EndpointError` that names the process which has it."""
        self._socket = socket_path
        path = socket_path.with_name(socket_path.name + ".lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise EndpointError(f"cannot write the lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise EndpointError(
                f"ipc://{socket_path} belongs to a running daemon (pid {holder}): "
                "stop that one, or choose other endpoints with --events and --control"
            ) from error
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Remove the socket, which ZeroMQ leaves behind, and let others have the endpoint.

        The lock file stays: to remove it would be a race.
        """
        self._socket.unlink(missing_ok=True)
        os.close(self._file)
