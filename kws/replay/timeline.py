"""How the time of a recording is folded into the rows of a picture."""

import math
from collections.abc import Iterator

_ROW_SECONDS = (5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_PREFERRED_ROW = 30
_MOST_ROWS = 12


class Timeline:
    """Rows of equal length, as few as let one see something.

    Attributes:
        start, end: what is drawn, in seconds.
        span: seconds per row.
    """

    def __init__(self, start: float, end: float, fill: bool = False) -> None:
        """Args: fill: what fits into one row fills it; else its length is a round number."""
        self.start, self.end = start, end
        seconds = end - start
        self.span = seconds if fill and seconds <= _PREFERRED_ROW else _row_seconds(seconds)

    def __len__(self) -> int:
        return max(1, math.ceil((self.end - self.start) / self.span))

    def __iter__(self) -> Iterator[float]:
        """Where each row begins."""
        return (self.start + index * self.span for index in range(len(self)))

    def row_of(self, seconds: float) -> int:
        """The row in which a time lies; the first or the last for one beside what is drawn."""
        row = math.floor((seconds - self.start) / self.span)
        return min(max(row, 0), len(self) - 1)


def tick(seconds: float) -> str:
    """A time as m:ss, from an hour on h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _row_seconds(seconds: float) -> int:
    if seconds <= _PREFERRED_ROW:
        return next(span for span in _ROW_SECONDS if span >= seconds)
    return next(
        span
        for span in _ROW_SECONDS
        if span >= _PREFERRED_ROW and (span * _MOST_ROWS >= seconds or span == _ROW_SECONDS[-1])
    )
