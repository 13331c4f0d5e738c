"""The view at several sizes, as text."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console
from rich.screen import Screen

from kws.events.client.continuity import Notice
from kws.events.messages import ErrorEvent, StateEvent, until_text
from kws.monitor.state import MonitorState
from kws.monitor.view import View
from tests.support.happenings import NOON, description, listening, row

AT = 10.0


def drawn(state: MonitorState, width: int = 80, height: int = 24, at: float = AT) -> list[str]:
    """The lines on a screen of that size."""
    return screen(View(state, at), width, height).splitlines()


def screen(view: View, width: int, height: int, **options: Any) -> str:
    console = Console(
        file=io.StringIO(), width=width, height=height, force_terminal=True, _environ={}, **options
    )
    with console.capture() as captured:
        console.print(Screen(view), end="")
    return captured.get() if options else re.sub(r"\x1b\[[\d;]*m", "", captured.get())


def line_of(lines: list[str], start: str) -> str:
    (found,) = (line for line in lines if line[1:].startswith(start))
    return found


def many_words() -> MonitorState:
    """Twenty words, of which ``word 13`` scored most."""
    state = MonitorState()
    scores = {f"word {number}": 0.01 * number for number in range(20)} | {"word 13": 0.9}
    event = row(640)
    state.take(type(event)(position=1, posteriors={}, scores=scores, level_dbfs=-30.0), AT)
    return state


def test_all_that_matters_is_there() -> None:
    lines = drawn(listening())
    assert lines[0].startswith(" kws  tiny  USB ")
    assert lines[0].endswith("listening ")
    assert "-30 dBFS  peak  -30" in line_of(lines, "level")
    assert "0.02  0.60  0.80" in line_of(lines, "yes")
    assert "0.00  0.50  0.00" in line_of(lines, "no")
    assert "0.00  0.70  0.00" in line_of(lines, "stop")
    heard = next(line for line in lines if "yes" in line and "ms" in line)
    assert re.search(r"yes +0\.81  0\.55 +100 ms  -21 dBFS", heard)
    health = " ".join(lines[-3:])
    for item in ("up 1:02:03", "1.7 % of real time", "55 MB", "2 gaps", "0 messages lost"):
        assert item in health
    assert "q quit" in lines[-1]


def test_the_curve_shows_where_the_word_scored_and_fired() -> None:
    curve = line_of(drawn(listening()), "yes")[-30:]
    # The column of the detection, and two more above the threshold, 3.6 s before the end.
    assert re.fullmatch(r"▁*◆▇▇▁+", curve.strip())


def test_the_threshold_is_a_mark_that_moves() -> None:
    state = listening()
    before = line_of(drawn(state), "yes").index("┃")
    state.describe(description(yes=0.95))
    after = drawn(state)
    assert line_of(after, "yes").index("┃") > before
    assert "0.95" in line_of(after, "yes")


def test_the_bar_follows_the_score() -> None:
    state = listening()
    lengths = []
    for number, score in enumerate((0.1, 0.5, 0.99)):
        # Two columns on, or the greater score of the moment before would stand.
        state.take(row(200_000 + 12_800 * number, no=score), AT)
        lengths.append(line_of(drawn(state), "no").count("█"))
    assert lengths == sorted(set(lengths))
    assert lengths[0] > 0


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (140, 40), (30, 8), (20, 3), (200, 4)])
@pytest.mark.parametrize("make", [listening, many_words, MonitorState])
def test_every_size_is_filled_and_nothing_sticks_out(
    make: type[MonitorState], size: tuple[int, int]
) -> None:
    width, height = size
    lines = drawn(make(), width, height)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    assert re.search("listening|joining", lines[0])


def test_a_small_terminal_still_shows_words_detections_and_health() -> None:
    lines = drawn(listening(), 60, 10)
    for word in ("yes", "no", "stop"):
        assert line_of(lines, word)
    assert any("100 ms" in line for line in lines)
    assert any("of real time" in line for line in lines)


def test_where_not_all_words_fit_the_best_are_shown() -> None:
    lines = drawn(many_words(), 60, 10)
    assert any("word 13" in line for line in lines)
    assert any(re.search(r"and \d+ more", line) for line in lines)
    assert not any(line[1:].startswith("word 1 ") for line in lines)


def test_a_daemon_that_is_gone_is_said_plainly() -> None:
    state = listening(at=AT)
    state.heed(Notice("silent", "no daemon answers at ipc:///x"), at=AT + 3)
    lines = drawn(state, at=AT + 7)
    assert lines[0].endswith("NOT HEARD for 7 s ")
    assert any("no daemon answers at ipc:///x" in line for line in lines)
    assert "no sound is being analysed" in line_of(lines, "level")
    assert "   -  0.60" in line_of(lines, "yes"), "an old score must not look like a new one"


def test_muted_says_why() -> None:
    state = listening()
    state.take(StateEvent(state="muted", reason="tts", device="USB", since=NOON), AT)
    assert drawn(state)[0].endswith("muted: tts ")


def test_muted_says_until_when() -> None:
    state = listening()
    until = NOON + timedelta(hours=1)
    state.take(StateEvent(state="muted", reason="tts", device="USB", since=NOON, until=until), AT)
    assert drawn(state)[0].endswith(f"muted: tts {until_text(until)} ")


def test_hints_of_the_level_meter() -> None:
    state = listening()
    state.take(ErrorEvent(code="clipping", detail="x"), AT)
    assert "CLIPPING" in line_of(drawn(state), "level")
    muted = listening()
    muted.take(row(170_000, level=-120.0), AT + 3)
    assert "muted?" in line_of(drawn(muted, at=AT + 3), "level")


def test_a_fault_does_not_move_the_rest() -> None:
    state = listening()
    before = drawn(state)
    state.take(ErrorEvent(code="overrun", detail="analysis was late"), AT)
    after = drawn(state)
    changed = [
        index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
    ]
    assert len(changed) == 1
    assert "overrun: analysis was late" in after[changed[0]]


def test_paused_is_said() -> None:
    assert "paused" in screen(View(listening(), AT, paused=True), 80, 24).splitlines()[0]


def test_without_colour_there_is_none() -> None:
    colours = r"\x1b\[[\d;]*3\d"
    plain = screen(View(listening(), AT), 80, 24, no_color=True)
    assert not re.search(colours, plain)
    assert re.search(colours, screen(View(listening(), AT), 80, 24, color_system="standard"))


@pytest.mark.parametrize("width", [80, 24])
def test_a_terminal_without_unicode_gets_ascii(width: int) -> None:
    class Latin(io.StringIO):
        encoding = "iso8859-1"

    console = Console(file=Latin(), width=width, height=24, force_terminal=True, _environ={})
    console.print(Screen(View(listening(), AT)))
    assert isinstance(console.file, io.StringIO)
    console.file.getvalue().encode("ascii")
