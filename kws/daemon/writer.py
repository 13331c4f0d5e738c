"""Lines to a terminal, a pipe or a file, for threads that must not wait."""

import contextlib
import os
import queue
import threading
from typing import Self

from kws.text import one_line

_WAITING = 1000
_PATIENCE_SECONDS = 1.0


class LineWriter:
    """Writes lines from a thread of its own.

    A pipe that nobody reads, or a terminal that was stopped, must not stop the daemon.  Lines for
    which there is no room are left out and counted, and once all others are written it says so.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: queue.Queue[str | None] = queue.Queue(_WAITING)
        self._lock = threading.Lock()
        self._left_out = 0
        self._told = 0
        self._thread = threading.Thread(target=self._run, name="kws-lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Write what is waiting, within a second or two."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=_PATIENCE_SECONDS)
        self._thread.join(_PATIENCE_SECONDS)

    def write(self, line: str) -> None:
        """Have `line` written soon, as one line whatever is in it; never waits.  For any thread."""
        try:
            self._lines.put_nowait(one_line(line))
        except queue.Full:
            with self._lock:
                self._left_out += 1

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            self._put(line)
            if self._lines.empty():
                self._tell_what_is_missing()
        self._tell_what_is_missing()

    def _tell_what_is_missing(self) -> None:
        left_out = self._left_out
        if left_out > self._told:
            self._put(f"{left_out - self._told} lines were left out: nobody read them in time")
            self._told = left_out

    def _put(self, line: str) -> None:
        data = f"{line}\n".encode(errors="backslashreplace")
        # A reader that has gone away, or a full disk, costs the line and nothing else.
        with contextlib.suppress(OSError):
            # Not through `sys.stderr`, whose lock Python takes once more when it exits.
            while data:
                data = data[os.write(self._descriptor, data) :]
