"""What the words scored lately, on the time axis of the audio."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

COLUMN_SECONDS = 0.2
"""A spoken word is two to four columns wide."""
COLUMN = 3200
"""Samples of a column, at 16 kHz."""
COLUMNS = 300
"""How many are kept: a minute."""


@dataclass(slots=True)
class Column:
    """The same fifth of a second for all words; without scores where nothing was listened to."""

    scores: dict[str, float] = field(default_factory=dict)
    """The greatest score of each word."""
    fired: set[str] = field(default_factory=set)
    """The words that were detected."""
    near: set[str] = field(default_factory=set)
    """The words that were nearly detected, at their greatest score."""


class History:
    """The last minute in columns of equal length, the newest last.

    Positions are sample indices.  What lies before the oldest column is ignored.
    """

    def __init__(self) -> None:
        self._columns: deque[Column] = deque(maxlen=COLUMNS)
        self._newest = -1

    def advance(self, position: int) -> None:
        """The stream has come as far as `position`, whether it was listened to or not."""
        column = position // COLUMN
        for _ in range(min(column - self._newest, COLUMNS)):
            self._columns.append(Column())
        self._newest = max(self._newest, column)

    def add(self, position: int, scores: Mapping[str, float]) -> None:
        """Take the scores of the row that was complete at `position`."""
        column = self._at(position)
        if column is not None:
            for word, score in scores.items():
                column.scores[word] = max(score, column.scores.get(word, 0.0))

    def mark(self, position: int, word: str) -> None:
        """`word` fired at `position`."""
        column = self._at(position)
        if column is not None:
            column.fired.add(word)

    def mark_near(self, position: int, word: str) -> None:
        """A near miss of `word` was greatest at `position`."""
        column = self._at(position)
        if column is not None:
            column.near.add(word)

    def latest(self, count: int) -> list[Column]:
        """The newest `count` columns, or as many as there are."""
        return list(self._columns)[-count:]

    def best(self, word: str, count: int) -> float | None:
        """The greatest score of `word` in the newest `count` columns; None if there is none."""
        return max(
            (column.scores[word] for column in self.latest(count) if word in column.scores),
            default=None,
        )

    def _at(self, position: int) -> Column | None:
        self.advance(position)
        back = self._newest - position // COLUMN
        return self._columns[-1 - back] if back < len(self._columns) else None
