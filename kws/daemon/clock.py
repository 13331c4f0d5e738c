"""From sample positions to the time of day."""

import time
from collections import deque
from datetime import UTC, datetime, timedelta

from kws.samples import RATE

_SLOT_SECONDS = 5.0
_SLOTS = 12


class ClockAnchor:
    """The one place where positions and clocks meet.

    A block comes late by chance, never early: the smallest difference between when a sample was
    there and its position is the truest.  Only the last minute counts, because the crystal of a
    sound card runs a little fast or slow.
    """

    def __init__(self) -> None:
        self._slots: deque[tuple[float, float]] = deque(maxlen=_SLOTS)

    def restart(self) -> None:
        """Forget everything: positions have lost their connection with time."""
        self._slots.clear()

    def observe(self, position: int, captured: float | None) -> None:
        """Sample `position` was sound at `captured` (`time.monotonic`), or somewhat earlier."""
        if captured is None:
            return
        origin = captured - position / RATE
        if self._slots and captured < self._slots[-1][0] + _SLOT_SECONDS:
            begin, least = self._slots[-1]
            self._slots[-1] = (begin, min(least, origin))
        else:
            self._slots.append((captured, origin))

    def monotonic(self, position: int) -> float | None:
        """`time.monotonic` of sample `position`; None without any observation."""
        if not self._slots:
            return None
        return min(origin for _, origin in self._slots) + position / RATE

    def utc(self, position: int) -> datetime | None:
        """The time of day of sample `position`; None without any observation."""
        when = self.monotonic(position)
        if when is None:
            return None
        return datetime.now(UTC) - timedelta(seconds=time.monotonic() - when)
