"""`kws monitor` in a terminal of its own."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
from types import TracebackType
from typing import Self

from tests.support.listener import DEADLINE, KWS, wait_for

SHOW_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"


class Terminal:
    """A pseudo-terminal in which `kws monitor` runs, and all that it writes."""

    def __init__(self, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        self._master, self._slave = pty.openpty()
        self.resize(columns, rows)
        self.modes = termios.tcgetattr(self._slave)
        self.text = ""
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [KWS, "monitor", *arguments],
            env=environment | {"TERM": "xterm-256color", "PYTHONUTF8": "1"},
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        # Reading fails when the last process has let go of the other end, ours included.
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65536):
                self.text += data.decode(errors="replace")

    def resize(self, columns: int, rows: int) -> None:
        """As a window does, which sends SIGWINCH as well."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def frame(self) -> list[str]:
        """The lines of the last picture that is complete."""
        frames = self.text.split("\x1b[H")
        lines = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", frames[-2] if len(frames) > 2 else "")
        return lines.split("\r\n")

    def wait_frame(self, what: str) -> list[str]:
        """Wait for a picture with a line that has `what` in it."""
        return wait_for(
            f"{what!r} on the screen",
            lambda: (lines := self.frame()) if any(what in x for x in self.frame()) else None,
        )

    def frames(self) -> int:
        """How many pictures were drawn so far."""
        return self.text.count("\x1b[H")

    def word_line(self, word: str) -> str:
        """The line of a word, which begins with marks."""
        (line,) = (line for line in self.frame() if re.match(rf".{{3}}{word} ", line))
        return line

    def wait_end(self) -> int:
        """The exit code; the terminal must be as it was."""
        code: int = self.process.wait(DEADLINE)
        wait_for("the end of the picture", lambda: self.text.rfind(LEAVE_SCREEN) > 0)
        assert self.text.count(SHOW_SCREEN) == self.text.count(LEAVE_SCREEN)
        assert self.text.rindex(SHOW_CURSOR) > self.text.rindex("\x1b[?25l")
        assert self.text.rindex("\x1b[?2004l") > self.text.rindex("\x1b[?2004h")
        assert termios.tcgetattr(self._slave) == self.modes
        return code

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._slave)
        self.process.send_signal(signal.SIGHUP)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self._slave)
        self._reader.join(DEADLINE)
        os.close(self._master)
        if error is not None:
            sys.stderr.write("\n".join(["", *self.frame(), ""]))
