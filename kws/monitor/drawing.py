"""Bars and curves of characters, one line high."""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.text import Text

from kws.monitor.history import Column


class Glyphs(NamedTuple):
    """The characters to draw with."""

    ramp: str
    """From a score of 0 to one of 1."""
    bar: str
    track: str
    mark: str
    """The threshold in a bar, or the held peak."""
    fired: str
    separator: str


UNICODE = Glyphs("▁▂▃▄▅▆▇█", "█", "─", "┃", "◆", "  ·  ")
ASCII = Glyphs("_.:-=+*#", "#", "-", "|", "@", "  -  ")


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

    It is bright where the threshold was reached, and empty where nothing was listened to.
    """
    cells = [_curve_cell(glyphs, column, word, threshold) for column in columns]
    text = Text(" " * (width - len(cells)))
    # One escape sequence for a run of cells, not for each: half of what travels over ssh.
    for style, run in groupby(cells, key=itemgetter(1)):
        text.append("".join(glyph for glyph, _ in run), style)
    return text


def _curve_cell(
    glyphs: Glyphs, column: Column, word: str, threshold: float | None
) -> tuple[str, str]:
    """The character of a column, and its style."""
    score = column.scores.get(word)
    if word in column.fired:
        return glyphs.fired, "bold green"
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
