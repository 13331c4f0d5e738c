"""`kws monitor` in a terminal of its own, beside a real daemon."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.support.listener import DEADLINE, KWS, Listener, wait_for
from tests.support.terminal import LEAVE_SCREEN, SHOW_SCREEN, Terminal

RECORDING = Path(__file__).parents[2] / "examples" / "recording" / "commands.flac"


@pytest.fixture
def recording(tmp_path: Path, noise: npt.NDArray[np.float32]) -> Path:
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


def wait_described(terminal: Terminal) -> None:
    """Until the thresholds are known; before that only the words that fired have one."""

    def all_words() -> bool:
        lines = terminal.frame()
        return all(
            any(re.match(rf".{{3}}{word} .* 0\.40 ", line) for line in lines)
            for word in ("yes", "no", "stop")
        )

    wait_for("the thresholds", all_words)


def test_a_look_at_a_daemon(daemon: Listener) -> None:
    """Words are seen, the window is resized, thresholds change, keys work, q ends it."""
    with Terminal(*flags(daemon)) as terminal:
        wait_described(terminal)
        lines = terminal.wait_frame("◆")
        assert len(lines) == 24
        assert "tiny" in lines[0]
        assert "listening" in lines[0]
        assert any(re.match(r".{3}stop .* 0\.40 ", line) for line in lines)
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
        terminal.press("\x1b[1;5qp")
        wait_for("the picture to move on", lambda: "paused" not in terminal.frame()[0])
        terminal.press("q")
        assert terminal.wait_end() == 0


def thresholds(daemon: Listener) -> dict[str, float]:
    """Those in force."""
    keywords = daemon.ask("describe")["keywords"]
    return {keyword["word"]: keyword["threshold"] for keyword in keywords}


def wait_threshold(daemon: Listener, word: str, value: float) -> None:
    wait_for(f"{word} at {value}", lambda: thresholds(daemon)[word] == value)


UP, DOWN, LEFT, RIGHT = (f"\x1b[{letter}" for letter in "ABDC")
SHIFT_RIGHT, APPLICATION_RIGHT = "\x1b[1;2C", "\x1bOC"


def test_arrows_change_thresholds_and_s_saves_them(daemon: Listener, tmp_path: Path) -> None:
    with Terminal(*flags(daemon)) as terminal:
        wait_described(terminal)
        terminal.press(DOWN)
        terminal.wait_frame("▸")
        terminal.press(RIGHT * 3)
        terminal.wait_frame("yes 0.43 in force: s saves it")
        assert thresholds(daemon) == {"yes": 0.43, "no": 0.4, "stop": 0.4}
        assert "0.43*" in terminal.word_line("yes")
        terminal.press(APPLICATION_RIGHT + SHIFT_RIGHT + LEFT)
        wait_threshold(daemon, "yes", 0.48)

        terminal.press(UP + LEFT)
        wait_threshold(daemon, "stop", 0.39)
        terminal.wait_frame("stop 0.39 in force")
        saved = tmp_path / "kws" / "thresholds.json"
        assert not saved.exists()
        terminal.press("s")
        terminal.wait_frame("stop 0.39 saved in")
        assert json.loads(saved.read_text()) == {"stop": 0.39}
        assert "0.39 " in terminal.word_line("stop")
        assert "0.48*" in terminal.word_line("yes"), "this one is not saved"

        terminal.press("\x1b")
        wait_for("no selection", lambda: not any("▸" in line for line in terminal.frame()))
        terminal.press(RIGHT)
        terminal.wait_frame("select a word first")
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_what_is_pressed_last_is_carried_out_and_told(daemon: Listener, tmp_path: Path) -> None:
    with Terminal(*flags(daemon)) as terminal:
        wait_described(terminal)
        terminal.press(DOWN + RIGHT + "sq")
        assert terminal.wait_end() == 0
        assert "kws: yes 0.41 saved in" in terminal.text.rpartition(LEAVE_SCREEN)[2]
        assert json.loads((tmp_path / "kws" / "thresholds.json").read_text()) == {"yes": 0.41}


def test_what_is_pasted_presses_no_keys(daemon: Listener) -> None:
    with Terminal(*flags(daemon)) as terminal:
        wait_described(terminal)
        terminal.press("\x1b[200~qms\x1b[C\x1b[201~" + "\x1b[B")
        terminal.wait_frame("▸")
        terminal.press("quit, please: mute and save, and so on\r")

        def press_and_look() -> bool:
            terminal.press("p")
            before = terminal.frames()
            wait_for("some pictures", lambda: terminal.frames() > before + 5)
            return "paused" in terminal.frame()[0]

        # What follows at once is taken for pasted as well; after a pause keys are keys.
        wait_for("a key to work", press_and_look)
        assert thresholds(daemon)["yes"] == 0.4
        assert not any(state == "muted" for state in daemon.hearer.states())


def test_a_daemon_that_stands_still_does_not_hold_up_the_view(daemon: Listener) -> None:
    with Terminal(*flags(daemon)) as terminal:
        wait_described(terminal)
        terminal.press(DOWN)
        terminal.wait_frame("▸")
        daemon.process.send_signal(signal.SIGSTOP)
        terminal.press(RIGHT)
        wait_for("the wish", lambda: "0.40?" in terminal.word_line("yes"))
        terminal.press(DOWN)
        wait_for("the selection", lambda: terminal.word_line("no").startswith("▸"))
        assert "0.40?" in terminal.word_line("yes"), "nothing has been answered yet"
        terminal.wait_frame("yes 0.41 not answered")
        assert "0.40 " in terminal.word_line("yes")
        terminal.wait_frame("NOT HEARD")
        daemon.process.send_signal(signal.SIGCONT)
        wait_for("the daemon again", lambda: "listening" in terminal.frame()[0])
        terminal.press(RIGHT)
        wait_threshold(daemon, "no", 0.41)
        terminal.press("q")
        assert terminal.wait_end() == 0


def test_a_near_miss_is_marked(tmp_path: Path) -> None:
    """Of the words at 10 and 12 seconds of the recording one fires, one does not."""
    arguments = ("--source", RECORDING, "--threshold", "up=0.92", "--words", "left,up")
    with Listener(tmp_path, *arguments) as daemon:
        daemon.wait_state("listening")
        with Terminal(*flags(daemon)) as terminal:
            terminal.wait_frame("lacks 0.02")
            heard = [line for line in terminal.frame() if re.match(r" [◆◇] [\d:.]{12} ", line)]
    assert re.match(r" ◇ \S+  up +0\.90 0\.92  lacks 0\.02", heard[0])
    assert re.match(r" ◆ \S+  left +0\.\d\d 0\.69 .* ms", heard[1])


def test_who_may_only_listen_is_told_so(
    tmp_path: Path, tiny_model_folder: Path, recording: Path
) -> None:
    keys = tmp_path / "keys"
    for names in ([], ["--client", "desk", "--control"], ["--client", "hall"]):
        subprocess.run(
            [KWS, "keygen", str(keys), *names], cwd=tmp_path, check=True, timeout=DEADLINE
        )
    options = ("--model", tiny_model_folder, "--source", recording, "--keys", keys)
    with Listener(tmp_path, *options) as daemon:
        daemon.wait_log("listening")
        with Terminal(*flags(daemon), "--keys", str(tmp_path / "hall")) as terminal:
            wait_described(terminal)
            for key in (DOWN + RIGHT, "s", "m"):
                terminal.press(key)
                terminal.wait_frame("this client may listen only")
                terminal.wait_frame("control.allow")
            assert "0.40 " in terminal.word_line("yes")
            assert "listening" in terminal.frame()[0]
            terminal.press("q")
            assert terminal.wait_end() == 0
        with Terminal(*flags(daemon), "--keys", str(tmp_path / "desk")) as terminal:
            wait_described(terminal)
            terminal.press(DOWN + RIGHT)
            terminal.wait_frame("yes 0.41 in force")


def test_without_a_control_socket_it_says_how_to_name_it(daemon: Listener) -> None:
    with Terminal("--events", daemon.events) as terminal:
        terminal.wait_frame(" ms ")
        terminal.press(DOWN + RIGHT)
        terminal.wait_frame("no control socket is known: name it with --control")


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
