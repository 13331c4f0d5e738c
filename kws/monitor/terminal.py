"""The terminal's side of the monitor: keys as they are pressed, and signals as wishes."""

import contextlib
import os
import select
import signal
import sys
import termios
import time
import tty
from types import FrameType
from typing import Any, Self

from kws.monitor.keys import PASTES_MARKED, PASTES_UNMARKED, Key, KeyDecoder

_PAUSE_SECONDS = 0.1
"""An Escape that nothing follows for so long is the key, not the beginning of an arrow."""
_AT_ONCE = 4096


class Keyboard:
    """Reads single keys from standard input, without echo; nothing if that is no terminal.

    As a context it sets the terminal up and, at the end, back to what it was.
    """

    def __init__(self) -> None:
        self._file = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self._before: list[Any] = []
        self._decoder = KeyDecoder()

    def __enter__(self) -> Self:
        if self._file is not None:
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file, termios.TCSANOW)
            _write(PASTES_MARKED)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is None:
            return
        # A terminal that is gone needs no mode.
        with contextlib.suppress(OSError):
            _write(PASTES_UNMARKED)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def read(self, seconds: float) -> list[str]:
        """Wait for keys, `seconds` at the longest; `Key.END` when the terminal is gone."""
        if self._file is None:
            time.sleep(seconds)
            return []
        if self._decoder.waiting:
            seconds = min(seconds, _PAUSE_SECONDS)
        if not select.select([self._file], [], [], seconds)[0]:
            return self._decoder.pause()
        try:
            data = os.read(self._file, _AT_ONCE)
        except OSError:
            return [Key.END]
        return self._decoder.feed(data) if data else [Key.END]


class Signals:
    """Ctrl-C, SIGTERM and SIGHUP ask to end, Ctrl-Z to be suspended, at a moment of our choice.

    As a context it takes the signals over and gives them back.

    Attributes:
        ending, suspending: what was asked for.
    """

    def __init__(self) -> None:
        self.ending = False
        self.suspending = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def suspend(self) -> None:
        """Stop this process until the shell continues it."""
        self.suspending = False
        os.kill(os.getpid(), signal.SIGSTOP)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTSTP:
            self.suspending = True
        else:
            self.ending = True


def _write(text: str) -> None:
    # Standard input, which may be open for reading only, is the same terminal.
    os.write(sys.stdout.fileno(), text.encode())
