"""`kws monitor` in a terminal of its own, beside a real daemon."""

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
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pytest
import soundfile

from tests.support.listener import DEADLINE, KWS, Listener, wait_for

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

    def wait_end(self) -> int:
        """The exit code; the terminal must be as it was."""
        code: int = self.process.wait(DEADLINE)
        wait_for("the end of the picture", lambda: self.text.rfind(LEAVE_SCREEN) > 0)
        assert self.text.count(SHOW_SCREEN) == self.text.count(LEAVE_SCREEN)
        assert self.text.rindex(SHOW_CURSOR) > self.text.rindex("\x1b[?25l")
        assert termios.tcgetattr(self._slave) == self.modes
        return code

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._slave)
        self.process.send_signal(signal.SIGHUP)

    def __enter__(self) -> "Terminal":
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


@pytest.fixture
def recording(tmp_path: Path, noise: np.ndarray) -> Path:
    """Minutes on which the tiny model fires."""
    soundfile.write(tmp_path / "noise.wav", np.tile(noise, 40), 16000, subtype="PCM_16")
    return tmp_path / "noise.wav"


@pytest.fixture
def daemon(tmp_path: Path, tiny_model_folder: Path, recording: Path) -> Iterator[Listener]:
    with Listener(tmp_path, "--model", tiny_model_folder, "--source", recording) as daemon:
        daemon.wait_state("listening")
        yield daemon


def flags(daemon: Listener) -> tuple[str, ...]:
    return ("--events", daemon.events, "--control", daemon.control)


def test_a_look_at_a_daemon(daemon: Listener) -> None:
    """Words are seen, the window is resized, thresholds change, keys work, q ends it."""
    with Terminal(*flags(daemon)) as terminal:
        lines = terminal.wait_frame(" ms  -")
        assert len(lines) == 24
        assert "tiny" in lines[0]
        assert "listening" in lines[0]
        assert any(re.match(r".stop .* 0\.40 ", line) for line in lines)
        assert any("▁" in line or "█" in line for line in lines)

        terminal.resize(60, 15)
        wait_for("the small picture", lambda: len(terminal.frame()) == 15)
        assert max(map(len, terminal.frame())) == 60

        daemon.ask("set_threshold", keyword="stop", threshold=0.77)
        terminal.wait_frame("0.77")

        terminal.press("m")
        terminal.wait_frame("muted: user")
        terminal.press("m")
        terminal.wait_frame("listening")
        terminal.press("p")
        terminal.wait_frame("paused")
        terminal.press("\x1b[A\x1b[1;5qp")
        wait_for("the picture to move on", lambda: "paused" not in terminal.frame()[0])
        terminal.press("q")
        assert terminal.wait_end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_restore_the_terminal(daemon: Listener, number: signal.Signals) -> None:
    with Terminal(*flags(daemon)) as terminal:
        terminal.wait_frame("listening")
        terminal.process.send_signal(number)
        assert terminal.wait_end() == 0


def test_keys_of_the_terminal_suspend_and_interrupt(daemon: Listener) -> None:
    with Terminal(*flags(daemon)) as terminal:
        terminal.wait_frame("listening")
        terminal.press("\x1a")
        wait_for("the old screen", lambda: terminal.text.count(LEAVE_SCREEN) == 1)
        wait_for("the stop", lambda: _state_of(terminal.process.pid) == "T")
        terminal.process.send_signal(signal.SIGCONT)
        wait_for("the picture again", lambda: terminal.text.count(SHOW_SCREEN) == 2)
        terminal.press("\x03")
        assert terminal.wait_end() == 0


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_a_daemon_that_dies_and_comes_back(
    daemon: Listener, tmp_path: Path, tiny_model_folder: Path, recording: Path
) -> None:
    with Terminal(*flags(daemon)) as terminal:
        terminal.wait_frame("listening")
        daemon.process.kill()
        terminal.wait_frame("NOT HEARD for ")
        arguments = ("--model", tiny_model_folder, "--source", recording)
        with Listener(tmp_path, *arguments):
            lines = terminal.wait_frame("the daemon has been started anew")
            assert "listening" in lines[0] or "starting" in lines[0]
            terminal.press("q")
            assert terminal.wait_end() == 0


def test_a_window_that_is_closed_ends_it(daemon: Listener) -> None:
    with Terminal(*flags(daemon)) as terminal:
        terminal.wait_frame("listening")
        terminal.hang_up()
        assert terminal.process.wait(DEADLINE) == 0


def test_without_a_terminal_it_says_what_to_do(tmp_path: Path) -> None:
    result = subprocess.run(
        [KWS, "monitor", "--events", f"ipc://{tmp_path}/events"],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert result.returncode == 13
    assert "kws subscribe" in result.stderr
    assert len(result.stderr.splitlines()) == 1
