"""From sample positions to the time of day."""

import time
from collections import deque
from datetime import UTC, datetime, timedelta

from kws.samples import RATE

_SLOT_SECONDS = 2.5
_SLOTS = 24
_LOST_SECONDS = 0.2
"""A block that is later than this for a whole slot is not late by chance: sound was lost."""


class ClockAnchor:
    """The one place where positions and clocks meet.

    A block comes late by chance, never early: the smallest difference between when a sample was
    there and its position is the truest.  Only the last minute counts, because the crystal of a
    sound card runs a little fast or slow, and less where a driver has lost sound and not said so.
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
            self._heed_loss()
            self._slots.append((captured, origin))

    def _heed_loss(self) -> None:
        """Forget what was before the slot that is complete now, if positions have fallen behind."""
        if len(self._slots) > 1:
            newest = self._slots[-1]
            if newest[1] - min(origin for _, origin in self._slots) > _LOST_SECONDS:
                self._slots.clear()
                self._slots.append(newest)

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
