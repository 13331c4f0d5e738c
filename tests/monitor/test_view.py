"""The whole view at several sizes, as text."""

import copy
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from kws.errors import KwsError
from kws.events.client.continuity import Notice
from kws.events.messages import ErrorEvent, StateEvent, until_text
from kws.events.requests import SetThreshold
from kws.monitor.controls import Controls
from kws.monitor.desk import Answer, Desk
from kws.monitor.state import MonitorState
from kws.monitor.view import Paused, View
from tests.support.happenings import NOON, detection, listening, row
from tests.support.screens import AT, SIZES, drawn, many_words, screen, styled, ten_words, word_line


def test_all_that_matters_is_there() -> None:
    lines = drawn(listening())
    assert lines[0].startswith(" kws  tiny  USB ")
    assert lines[0].endswith("listening ")
    assert "-30 dBFS  peak  -30" in lines[1]
    assert "0.02  0.60  0.80" in word_line(lines, "yes")
    assert "0.00  0.50  0.00" in word_line(lines, "no")
    assert "0.00  0.70  0.00" in word_line(lines, "stop")
    heard = next(line for line in lines if "yes" in line and "ms" in line)
    assert re.search(r"◆ [\d:.]{12}  yes +0\.81 0\.55 +100 ms +-21 dBFS", heard)
    health = " ".join(lines[-3:])
    for item in ("up 1:02:03", "1.7 % of real time", "55 MB", "2 gaps", "0 messages lost"):
        assert item in health
    assert "q quit" in lines[-1]


ODD_SIZES = [(1, 1), (10, 3), (20, 3), (20, 40), (30, 8), (60, 10), (200, 4), (300, 90)]


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("size", SIZES + ODD_SIZES)
@pytest.mark.parametrize("make", [listening, ten_words, many_words, MonitorState])
def test_every_size_is_filled_and_nothing_sticks_out(
    make: Callable[[], MonitorState], size: tuple[int, int], ascii: bool
) -> None:
    width, height = size
    lines = drawn(make(), width, height, ascii=ascii)
    assert len(lines) == height
    assert {len(line) for line in lines} == {width}
    if width >= 20:
        assert re.search("listening|joining", lines[0])
    if ascii:
        assert "".join(lines).isascii()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [listening, ten_words])
def test_nothing_that_matters_is_cut(
    make: Callable[[], MonitorState], size: tuple[int, int]
) -> None:
    state = make()
    state.selected = next(iter(state.thresholds))
    lines = drawn(state, *size)
    assert "listening" in lines[0]
    assert lines[-1].startswith(" q quit"), "the keys"
    assert "↑↓" in lines[-1]
    assert "←→" in lines[-1]
    text = "\n".join(lines)
    shown = [name for name in state.thresholds if re.search(rf"(?m)[▸ ][◆◇ ] {name} ", text)]
    if size == (20, 6):
        assert len(shown) == 3
    else:
        assert shown == list(state.thresholds)
        assert "dBFS" in text
        assert re.search(r"◆ .*0\.81 0\.55", text), "what was heard"
    for name in shown:
        score, threshold = r"\d\.\d\d", f"{state.thresholds[name]:.2f}"
        assert re.search(rf"{name} .*?{score}(/|  ){threshold}[ *?]", text), name
    if "…" in text:
        assert size[0] < 60
        assert "…" in lines[0], "nothing but the name of the device"


def test_empty_lines_are_spent_on_what_was_heard() -> None:
    state = ten_words()
    for number in range(40):
        state.take(detection("yes", 40_000 + 16_000 * number), AT)
    assert not [line for line in drawn(state, 80, 24) if not line.strip()]
    assert sum("◆" in line for line in drawn(state, 40, 12)) >= 3
    large = drawn(state, 120, 40)
    assert sum(" ms " in line for line in large) >= 15
    assert any(not line.strip() for line in large)


def test_a_small_terminal_still_shows_words_detections_and_health() -> None:
    lines = drawn(listening(), 60, 10)
    for word in ("yes", "no", "stop"):
        assert word_line(lines, word)
    assert any("100 ms" in line for line in lines)
    assert any("of real time" in line for line in lines)


def test_where_not_all_health_has_room_the_faults_are_shown() -> None:
    state = listening()
    state.lost = 7
    (told,) = (line for line in drawn(state, 40, 12) if "lost" in line)
    assert "2 gaps" in told
    assert "7 messages lost" in told
    assert "0 overruns" not in told


def test_a_daemon_that_is_gone_is_said_plainly() -> None:
    state = listening(at=AT)
    state.heed(Notice("silent", "no daemon answers at ipc:///x"), at=AT + 3)
    lines = drawn(state, at=AT + 7)
    assert lines[0].endswith("NOT HEARD for 7 s ")
    assert any("no daemon answers at ipc:///x" in line for line in lines)
    assert any("no sound analysed" in line for line in lines)
    assert "   -  0.60" in word_line(lines, "yes"), "an old score must not look like a new one"
    assert "NOT HEARD for 7 s" in drawn(state, 20, 6, at=AT + 7)[0]


def refused() -> MonitorState:
    """A monitor whose user may not change thresholds."""
    state = listening()
    desk = Desk("ipc:///nowhere", None)
    request = SetThreshold(keyword="yes", threshold=0.61)
    refusal = KwsError("this client may listen only: the daemon's control.allow does not name it")
    Controls(state, desk).take(Answer(request, refusal), AT)
    return state


@pytest.mark.parametrize("size", SIZES)
def test_a_refusal_can_be_read(size: tuple[int, int]) -> None:
    lines = drawn(refused(), *size)
    text = re.sub(r"\s+", " ", " ".join(lines))
    if size == (20, 6):
        assert "yes stays 0.60: th…" in text
    else:
        assert "yes stays 0.60: this client may listen only: the daemon's control.allow" in text
        assert "does not name it" in text
        assert lines[-1].startswith(" q quit")


def test_a_remark_makes_room_again_when_it_has_been_read() -> None:
    state = refused()
    assert sum("control.allow" in line for line in drawn(state, 40, 12)) == 1
    assert not any("control.allow" in line for line in drawn(state, 40, 12, at=AT + 20))
    (old,) = (line for line in drawn(state, 40, 12, at=AT + 20) if "stays" in line)
    assert old.rstrip().endswith("…")
    assert drawn(state, 20, 6, at=AT + 20)[-1].startswith(" q quit")


def test_muted_says_why() -> None:
    state = listening()
    state.take(StateEvent(state="muted", reason="tts", device="USB", since=NOON), AT)
    assert drawn(state)[0].endswith("muted: tts ")


def test_muted_says_until_when() -> None:
    state = listening()
    until = NOON + timedelta(hours=1)
    state.take(StateEvent(state="muted", reason="tts", device="USB", since=NOON, until=until), AT)
    assert drawn(state)[0].endswith(f"muted: tts {until_text(until)} ")
    assert drawn(state, 20, 6)[0].startswith(" muted: tts until")


@pytest.mark.parametrize("size", SIZES)
def test_hints_of_the_level_meter(size: tuple[int, int]) -> None:
    state = ten_words() if size[0] > 20 else listening()
    size = (size[0], max(size[1], 8))
    state.take(ErrorEvent(code="clipping", detail="x"), AT)
    assert "CLIPPING" in "\n".join(drawn(state, *size)[:3])
    muted = listening()
    muted.take(row(170_000, level=-120.0), AT + 3)
    assert "muted?" in "\n".join(drawn(muted, *size, at=AT + 3)[:3])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_fault_does_not_move_the_rest(size: tuple[int, int]) -> None:
    state = listening()
    before = drawn(state, *size)
    state.take(ErrorEvent(code="overrun", detail="analysis was late"), AT)
    after = drawn(state, *size)
    changed = [
        index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new
    ]
    assert len(changed) == 1
    assert "overrun: analysis was late" in after[changed[0]]


def test_paused_stands_still_but_for_state_and_thresholds() -> None:
    state = listening()
    paused = Paused(copy.deepcopy(state.sound), AT)
    before = screen(View(state, AT, paused), 80, 24).splitlines()
    assert "paused listening" in before[0]
    state.take(row(200_000, yes=0.9), AT + 30)
    state.take(detection("no", 200_000), AT + 30)
    state.take(StateEvent(state="muted", reason="tts", device="USB", since=NOON), AT + 30)
    state.set_threshold("stop", 0.2, saved=False)
    after = screen(View(state, AT + 30, paused), 80, 24).splitlines()
    assert after[0].endswith("paused muted: tts ")
    assert "0.20*" in word_line(after, "stop")
    changed = [old for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [before[0], word_line(before, "stop")]


def test_without_colour_there_is_none() -> None:
    colours = r"\x1b\[[\d;]*3\d"
    assert not re.search(colours, styled(View(listening(), AT), 80, 24, no_color=True))
    assert re.search(colours, styled(View(listening(), AT), 80, 24))
