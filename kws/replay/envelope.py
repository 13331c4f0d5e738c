"""The outline of a signal of any length, in bounded memory."""

import numpy as np
import numpy.typing as npt

_COLUMNS = 1 << 15
_FINEST_WIDTH = 320


class Envelope:
    """Least and greatest value of a signal in columns of equal width.

    Values may come for hours: when the columns are full, neighbours are merged two by two, so that
    each stands for twice as many positions.  There are at most 32768, of 20 ms at first.

    Attributes:
        width: positions (samples) per column.
        low, high: (columns, channels); NaN where there was no value.
    """

    def __init__(self, channels: int = 1, step: int = 1, columns: int = _COLUMNS) -> None:
        """Args: channels: values per position; step: positions from one value to the next."""
        self.width = _FINEST_WIDTH
        self.low = np.full((columns, channels), np.nan, np.float32)
        self.high = np.full((columns, channels), np.nan, np.float32)
        self._step = step

    def add(self, position: int, values: npt.NDArray[np.floating]) -> None:
        """Take values (N, channels), the first of which is at `position`."""
        positions = position + self._step * np.arange(len(values))
        while positions[-1] // self.width >= len(self.low):
            self._halve()
        columns = positions // self.width
        starts = np.flatnonzero(np.diff(columns, prepend=-1))
        touched = columns[starts]
        # fmin and fmax take the number where the other is NaN.
        low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
        self.low[touched] = np.fmin(self.low[touched], low)
        self.high[touched] = np.fmax(self.high[touched], high)

    def _halve(self) -> None:
        """Merge every two columns."""
        used = len(self.low) // 2
        for values, merge in ((self.low, np.fmin), (self.high, np.fmax)):
            values[:used] = merge(values[0 : 2 * used : 2], values[1 : 2 * used : 2])
            values[used:] = np.nan
        self.width *= 2
