"""Where labels find room in a picture."""

from collections.abc import Iterator
from typing import NamedTuple


class Box(NamedTuple):
    """The place of a label, in the units of the axes."""

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two have more than an edge in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


class Room:
    """The part of a picture that labels may stand in; none covers another."""

    def __init__(self, left: float, right: float, top: float) -> None:
        self._left, self._right, self._top = left, right, top
        self._taken: list[Box] = []

    def place(
        self, point: tuple[float, float], width: float, height: float, beside: bool = False
    ) -> Box | None:
        """Take the place nearest to a point; None if all are taken.

        Args:
            point: (x, y) that the label belongs to.
            beside: the label stands at the right or left of the point, not above it.
        """
        for box in self._places(*point, width, height, (0.0, 1.0) if beside else (0.5, 0.0, 1.0)):
            if not any(box.overlaps(other) for other in self._taken):
                self._taken.append(box)
                return box
        return None

    def _places(
        self, x: float, y: float, width: float, height: float, shares: tuple[float, ...]
    ) -> Iterator[Box]:
        """From the point upwards; `shares` of the width lie at the left of it."""
        if width > self._right - self._left:
            return
        highest = self._top - height
        bottom = min(y, highest)
        while bottom <= highest:
            for share in shares:
                left = min(max(x - share * width, self._left), self._right - width)
                yield Box(left, bottom, left + width, bottom + height)
            bottom += height / 4
