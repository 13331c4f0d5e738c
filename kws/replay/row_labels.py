"""The labels of one row of a picture: words that fired, and near misses."""

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kws.replay.label_room import Box, Room
from kws.replay.palette import WordColour
from kws.spotting.peaks import Peak

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Array = npt.NDArray[np.floating]

_WORDS_FROM = 1.08
"""Height of the words that fired, above all scores; in a crowd some go higher."""
_HALO_POINTS = 2.2
_MARGIN, _LIFT = 2, 4
"""Pixels that stay free around a label, and between a peak and its label."""
_WORD_REACH, _NEAR_MISS_REACH = 60, 130
"""How many pixels above its place a label may be, and half as many to the side."""
_NEAR = 9
"""Pixels up to which a label needs no line to its peak."""


class RowLabels:
    """Places labels in axes whose limits are set, where they cover no curve and no other label."""

    def __init__(self, axes: "Axes") -> None:
        self._axes = axes
        self._origin = axes.bbox.x0, float(axes.transData.transform((0, 0))[1])
        self._width = round(axes.bbox.width)
        self._room = Room(self._width, round(axes.bbox.y1 - self._origin[1]))

    def avoid_curve(self, times: Array, values: Array) -> None:
        """Keep labels off a curve and the area below it: (N,) each, NaN where it is not drawn."""
        heights = self._heights(times, values)
        self._room.take_below(np.where(heights > 0, heights + _MARGIN, 0))

    def avoid_line(self, times: Array, values: Array) -> None:
        """Let labels keep off a line if they can: (N,) each, NaN where it is not drawn."""
        self._room.add_lines(self._heights(times, values))

    def add_word(self, word: str, seconds: float, colour: str) -> None:
        """Name a word that fired; where words crowd, their marks must do."""
        text = self._text(word, colour)
        text.set(fontsize=9.5, fontweight="bold")
        point = self._point(seconds, _WORDS_FROM)
        self._place(text, point, _WORD_REACH, lowest=point[1])

    def add_near_miss(self, peak: Peak, colour: WordColour) -> None:
        """Say what a peak lacked, if there is room, with a line to it from a label that is far."""
        from matplotlib.lines import Line2D

        text = self._text(peak.text, colour.text)
        text.set(fontsize=7.5, fontstyle="italic")
        x, y = self._point(peak.seconds, peak.score)
        place = self._place(text, (x, y + _LIFT), _NEAR_MISS_REACH)
        if place is None:
            return
        end = self._room.end_of_line((x, y + 1), place)
        if math.dist((x, y), end) > _NEAR:
            ends = np.array(((x, y + 1), end)) + self._origin
            times, values = self._axes.transData.inverted().transform(ends).T
            line = Line2D(times, values, color=colour.curve, linewidth=0.8, zorder=2.5)
            self._axes.add_line(line)

    def _text(self, text: str, colour: str) -> "Text":
        from matplotlib.patheffects import withStroke

        halo = withStroke(linewidth=_HALO_POINTS, foreground="white")
        return self._axes.text(
            0, 0, text, color=colour, ha="left", va="bottom", path_effects=[halo], zorder=4
        )

    def _place(
        self, text: "Text", point: tuple[float, float], reach: float, lowest: float = 0.0
    ) -> Box | None:
        """Move a text to a free place near a point, or remove it."""
        size = text.get_window_extent()
        place = self._room.place(
            point, size.width + 2 * _MARGIN, size.height + 2 * _MARGIN, reach, lowest
        )
        if place is None:
            text.remove()
            return None
        corner = np.array((place.left, place.bottom)) + self._origin + _MARGIN
        x, y = self._axes.transData.inverted().transform(corner)
        text.set_position((float(x), float(y)))
        return place

    def _point(self, seconds: float, value: float) -> tuple[float, float]:
        """A point in pixels of the room; a time beside the row is moved into it."""
        first, last = self._axes.get_xlim()
        x, y = self._axes.transData.transform((min(max(seconds, first), last), value))
        return float(x) - self._origin[0], float(y) - self._origin[1]

    def _heights(self, times: Array, values: Array) -> Array:
        """Pixels of a curve above 0 at each pixel of the row (width,), NaN where it is not."""
        drawn = np.isfinite(values)
        if not drawn.any():
            return np.full(self._width, np.nan)
        # Where a value is NaN, a transform loses the time, too.
        points = np.column_stack((times, np.where(drawn, values, 0)))
        x, y = (self._axes.transData.transform(points) - self._origin).T
        y[~drawn] = np.nan
        columns = np.arange(self._width) + 0.5
        heights: Array = np.interp(columns, x, y, left=np.nan, right=np.nan)
        # A peak in an hour's recording may be narrower than a pixel.
        np.fmax.at(heights, x.astype(int).clip(0, self._width - 1), y)
        return heights
