"""What is drawn with which characters: bars and curves, one line high."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from kws.monitor.history import Column
from kws.monitor.sound import Sound
from kws.monitor.state import MonitorState


class Glyphs(NamedTuple):
    """The characters to draw with."""

    ramp: str
    """From a score of 0 to one of 1."""
    bar: str
    track: str
    mark: str
    """The threshold in a bar, or the held peak."""
    fired: str
    near: str
    """A near miss."""
    selected: str
    ellipsis: str
    separator: str
    keys: tuple[str, ...]
    """What the keys do, the fullest text first."""


UNICODE = Glyphs(
    ramp="▁▂▃▄▅▆▇█",
    bar="█",
    track="─",
    mark="┃",
    fired="◆",
    near="◇",
    selected="▸",
    ellipsis="…",
    separator="  ·  ",
    keys=(
        " q quit   p pause   m mute   ↑↓ select   ←→ change (with shift: faster)   s save",
        " q quit  p pause  m mute  ↑↓ select  ←→ change  s save",
        " q quit p pause m mute ↑↓ ←→ s save",
        " q quit p m ↑↓ ←→ s",
    ),
)
ASCII = Glyphs(
    ramp="_.:-=+*#",
    bar="#",
    track="-",
    mark="|",
    fired="@",
    near="o",
    selected=">",
    ellipsis=".",
    separator="  -  ",
    keys=(
        " q quit   p pause   m mute   up, down select   left, right change   s save",
        " q quit  p pause  m mute  arrows select, change  s save",
        " q quit p pause m mute arrows s save",
        " q quit p m arrows s",
    ),
)


class Scene(NamedTuple):
    """What the lines are drawn from."""

    state: MonitorState
    now: float
    """On a clock in seconds that never goes back."""
    sound: Sound
    """That of the state, or as it was when the picture was frozen."""
    heard_at: float
    """The time that goes with `sound`."""
    width: int
    """Cells of the screen."""
    glyphs: Glyphs


def bar(glyphs: Glyphs, width: int, share: float, mark: float | None, style: str) -> Text:
    """A bar that fills `share` (0 to 1) of `width` cells, with a mark at another share."""
    text = Text()
    filled = _cell(share, width + 1)
    text.append(glyphs.bar * filled, style)
    text.append(glyphs.track * (width - filled), "dim")
    if mark is None:
        return text
    at = _cell(mark, width)
    return Text.assemble(text[:at], (glyphs.mark, "bold"), text[at + 1 :])


def curve(
    glyphs: Glyphs, width: int, columns: Sequence[Column], word: str, threshold: float | None
) -> Text:
    """The scores of `word` as a curve, the newest at the right end of `width` cells.

    It is bright where the threshold was reached, has a mark where the word fired or nearly did,
    and is empty where nothing was listened to.
    """
    cells = [_curve_cell(glyphs, column, word, threshold) for column in columns]
    text = Text(" " * (width - len(cells)))
    # One escape sequence for a run of cells, not for each: half of what travels over ssh.
    for style, run in groupby(cells, key=itemgetter(1)):
        text.append("".join(glyph for glyph, _ in run), style)
    return text


def fitted(glyphs: Glyphs, text: str, width: int, style: str = "") -> Text:
    """`text` in exactly `width` cells; beginning and end of it where that is too few."""
    if cell_len(text) > width:
        end = next(
            text[at:] for at in range(1, len(text) + 1) if cell_len(text[at:]) <= (width - 1) // 2
        )
        begin = set_cell_size(text, max(0, width - 1 - cell_len(end)))
        text = f"{begin}{glyphs.ellipsis}{end}"
    return Text(set_cell_size(text, width), style)


def _curve_cell(
    glyphs: Glyphs, column: Column, word: str, threshold: float | None
) -> tuple[str, str]:
    """The character of a column, and its style."""
    score = column.scores.get(word)
    if word in column.fired:
        return glyphs.fired, "bold green"
    if word in column.near:
        return glyphs.near, "bold yellow"
    if score is None:
        return " ", ""
    reached = threshold is not None and score >= threshold
    glyph = glyphs.ramp[_cell(score, len(glyphs.ramp))]
    return glyph, "bold green" if reached else score_style(score, threshold)


def score_style(score: float, threshold: float | None) -> str:
    """Quiet far below the threshold, a warning near it, green from there on."""
    if threshold is None:
        return "default"
    if score >= threshold:
        return "green"
    return "yellow" if score >= threshold / 2 else "dim"


def _cell(share: float, cells: int) -> int:
    return max(0, min(int(share * cells), cells - 1))
