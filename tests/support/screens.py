"""The monitor's view as text."""

import io
import re

from rich.console import Console
from rich.screen import Screen

from kws.events.messages import PosteriorsEvent, StateEvent
from kws.monitor.state import MonitorState
from kws.monitor.view import View
from tests.support.happenings import NOON, detection

AT = 10.0
"""When everything happened."""
TEN = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The words of the model that comes with kws."""
SIZES = [(20, 6), (40, 12), (60, 20), (80, 24), (120, 40)]
"""Columns and lines of terminals that people have."""


def drawn(
    state: MonitorState, width: int = 80, height: int = 24, at: float = AT, ascii: bool = False
) -> list[str]:
    """The lines on a screen of that size."""
    return screen(View(state, at), width, height, ascii=ascii).splitlines()


def screen(view: View, width: int, height: int, ascii: bool = False) -> str:
    """What is drawn, without the styles."""
    return re.sub(r"\x1b\[[\d;]*m", "", styled(view, width, height, ascii=ascii))


def styled(view: View, width: int, height: int, ascii: bool = False, no_color: bool = False) -> str:
    class Paper(io.StringIO):
        encoding = "iso8859-1" if ascii else "utf-8"

    paper = Paper()
    console = Console(
        file=paper,
        width=width,
        height=height,
        force_terminal=True,
        color_system="standard",
        no_color=no_color,
        _environ={},
    )
    console.print(Screen(view), end="")
    return paper.getvalue()


def word_line(lines: list[str], word: str) -> str:
    """The line of a word, which begins with marks."""
    (found,) = (line for line in lines if re.match(rf"[▸ ][◆◇ ] {word} ", line))
    return found


def with_words(names: tuple[str, ...], scores: dict[str, float]) -> MonitorState:
    """A monitor of a daemon with these words; what is not said scores nothing."""
    state = MonitorState()
    complete = dict.fromkeys(names, 0.0) | scores
    state.take(StateEvent(state="listening", device="USB", since=NOON), AT)
    state.thresholds = dict.fromkeys(names, 0.69)
    state.take(PosteriorsEvent(position=1, posteriors={}, scores=complete, level_dbfs=-30.0), AT)
    return state


def many_words() -> MonitorState:
    """Twenty words, of which ``word 13`` scored most."""
    scores = {f"word {number}": 0.01 * number for number in range(20)} | {"word 13": 0.9}
    return with_words(tuple(scores), scores)


def ten_words() -> MonitorState:
    """Those of the model that comes with kws; one fired, one nearly did."""
    state = with_words(TEN, {})
    for position in range(640, 32_000, 640):
        scores = {"off": 0.58 if 9_600 <= position < 12_800 else 0.0}
        state.take(
            PosteriorsEvent(
                position=position,
                posteriors={},
                scores=dict.fromkeys(TEN, 0.0) | scores,
                level_dbfs=-30.0,
            ),
            AT,
        )
    state.take(detection("go", 32_000), AT)
    return state
