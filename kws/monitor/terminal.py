"""The terminal's side of the monitor: keys as they are pressed, and signals as wishes."""

import contextlib
import os
import re
import select
import signal
import sys
import termios
import tty
from types import FrameType
from typing import Any, Self

END = "q"
_ESCAPES = re.compile(r"\x1b(\[[\d;]*[A-Za-z~]|O[A-Z])?")
"""Arrows and function keys, which have letters in them."""


class Keyboard:
    """Reads single keys from standard input, without echo; nothing if that is no terminal.

    As a context it sets the terminal up and, at the end, back to what it was.
    """

    def __init__(self) -> None:
        self._file = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        if self._file is not None:
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file, termios.TCSANOW)
        return self

    def __exit__(self, *_exception: object) -> None:
        # A terminal that is gone needs no mode.
        with contextlib.suppress(termios.error):
            if self._file is not None:
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def pressed(self) -> str:
        """The keys since the last call; `END` when the terminal is gone."""
        if self._file is None or not select.select([self._file], [], [], 0)[0]:
            return ""
        try:
            data = os.read(self._file, 64)
        except OSError:
            return END
        return _ESCAPES.sub("", data.decode(errors="ignore")) if data else END


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
