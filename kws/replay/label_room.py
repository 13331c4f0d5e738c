"""Where labels find room in a picture."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_SIDEWAYS, _BELOW, _OFF_CENTRE, _ON_A_LINE = 2.0, 0.5, 0.1, 10.0
"""What a place costs, in pixels by which the label is above its point.

Each pixel between point and label to the side, by which the label's foot is below the point, by
which its middle is off; and a line that goes through it.
"""
_ENDS = 17
"""How many points of a label's edge are tried as the end of a line."""


class Box(NamedTuple):
    """A rectangle of pixels; right and top are the first that do not belong to it."""

    left: int
    bottom: int
    right: int
    top: int


class Room:
    """The pixels that labels may stand on, counted from the left and from the bottom.

    No label covers another, nor what has been declared taken.
    """

    def __init__(self, width: int, height: int) -> None:
        self._taken = np.zeros((width, height), np.bool_)
        self._lines = np.zeros((width, height), np.bool_)

    def take_below(self, heights: npt.NDArray[np.floating]) -> None:
        """Keep labels off the area below a curve: (width,) its height, 0 where there is none."""
        self._taken |= np.arange(self._taken.shape[1]) < heights[:, None]

    def add_lines(self, heights: npt.NDArray[np.floating]) -> None:
        """Let labels keep off a line if they can: (width,) its height, NaN where there is none."""
        columns = np.flatnonzero((heights >= 0) & (heights < self._lines.shape[1]))
        self._lines[columns, heights[columns].astype(int)] = True

    def place(
        self,
        point: tuple[float, float],
        width: float,
        height: float,
        reach: float,
        lowest: float = 0.0,
    ) -> Box | None:
        """Take the best free place near a point, right above it if that is free.

        Args:
            point: (x, y) that the label belongs to.
            reach: how far above or below the point the label may be; half as far to the side.
            lowest: what the label stands above.

        Returns:
            What was taken; None if nothing is free.
        """
        size = math.ceil(width), math.ceil(height)
        (left, most_left), (bottom, most_bottom) = (
            (
                math.floor(max(least, at - extent - reach)),
                math.ceil(min(limit - extent, at + reach)),
            )
            for at, extent, least, limit in zip(
                point, size, (0, lowest), self._taken.shape, strict=True
            )
        )
        if left > most_left or bottom > most_bottom:
            return None
        window = slice(left, most_left + size[0]), slice(bottom, most_bottom + size[1])
        x, y = np.ogrid[left : most_left + 1, bottom : most_bottom + 1]
        rise = y - point[1]
        distance = np.hypot(
            _SIDEWAYS * _gap(x, size[0], point[0]), np.where(rise < 0, -_BELOW * rise, rise)
        )
        cost = (
            distance
            + _OFF_CENTRE * np.abs(x + size[0] / 2 - point[0])
            + _ON_A_LINE / size[0] * _sums(self._lines[window], size)
        )
        cost[(distance > reach) | (_sums(self._taken[window], size) > 0)] = np.inf
        best = np.unravel_index(cost.argmin(), cost.shape)
        if not np.isfinite(cost[best]):
            return None
        corner = left + int(best[0]), bottom + int(best[1])
        box = Box(*corner, corner[0] + size[0], corner[1] + size[1])
        self._taken[box.left : box.right, box.bottom : box.top] = True
        return box

    def end_of_line(self, start: tuple[float, float], box: Box) -> tuple[float, float]:
        """Where a line from `start` to a label ends best: it is short and crosses little."""
        y = min(max(start[1], box.bottom), box.top - 1)
        ends = [(float(x), float(y)) for x in np.linspace(box.left, box.right - 1, _ENDS)]
        return min(ends, key=lambda end: math.dist(start, end) + 2 * self._crossed(start, end))

    def _crossed(self, start: tuple[float, float], end: tuple[float, float]) -> int:
        """How much of what is taken lies on the way, in pixels."""
        way = np.linspace(start, end, math.ceil(math.dist(start, end)) + 1).astype(int)
        x, y = way.clip(0, np.array(self._taken.shape) - 1).T
        return int(self._taken[x, y].sum())


def _gap(starts: Integers, extent: int, at: float) -> npt.NDArray[np.float64]:
    """How far `at` lies outside each of the intervals that begin at `starts`."""
    gaps: npt.NDArray[np.float64] = np.maximum(starts - at, at - (starts + extent))
    return gaps.clip(min=0)


def _sums(cells: npt.NDArray[np.bool_], size: tuple[int, int]) -> Integers:
    """How many cells are set in each rectangle of `size`, by its lower left corner."""
    counts = np.pad(cells.cumsum(axis=0, dtype=np.int64).cumsum(axis=1), ((1, 0), (1, 0)))
    along: Integers = counts[size[0] :] - counts[: -size[0]]
    return along[:, size[1] :] - along[:, : -size[1]]
