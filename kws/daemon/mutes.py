"""Why the daemon is mute, and until when."""

import time
from datetime import datetime, timedelta
from typing import NamedTuple

from kws.errors import KwsError
from kws.events.messages import now
from kws.events.requests import Muting

_MOST_REASONS = 32


class _Limit(NamedTuple):
    """When a reason runs out."""

    monotonic: float
    """What counts: the clock on the wall may be set meanwhile."""
    until: datetime
    """What is said."""


class Mutes:
    """A set of reasons, each of which may have a time limit; empty, the daemon listens."""

    def __init__(self) -> None:
        self._limits: dict[str, _Limit | None] = {}

    def __bool__(self) -> bool:
        return bool(self._limits)

    @property
    def reasons(self) -> list[str]:
        """All in force, sorted."""
        return sorted(self._limits)

    @property
    def until(self) -> datetime | None:
        """When the last one runs out; None while one has no limit, or there is none."""
        limits = self._limits.values()
        times = [limit.until for limit in limits if limit is not None]
        return max(times) if times and len(times) == len(limits) else None

    def add(self, reason: str, seconds: float | None) -> None:
        """Add a reason for so long, or until it is withdrawn; the latest word on a reason counts.

        Raises:
            KwsError: there are too many reasons already.
        """
        if reason not in self._limits and len(self._limits) == _MOST_REASONS:
            raise KwsError(f"there are {_MOST_REASONS} reasons to be mute already: withdraw some")
        self._limits[reason] = None
        if seconds is not None:
            until = now() + timedelta(seconds=seconds)
            self._limits[reason] = _Limit(time.monotonic() + seconds, until)

    def withdraw(self, reason: str | None) -> None:
        """Withdraw a reason, or all; one that was never given is no fault."""
        if reason is None:
            self._limits.clear()
        else:
            self._limits.pop(reason, None)

    def expire(self) -> list[str]:
        """Withdraw the reasons whose time is over; gives them."""
        moment = time.monotonic()
        over = [
            reason
            for reason, limit in self._limits.items()
            if limit is not None and limit.monotonic <= moment
        ]
        for reason in over:
            self.withdraw(reason)
        return over

    def muting(self) -> Muting:
        """What a request is answered."""
        return Muting(muted=bool(self), reasons=self.reasons, until=self.until)
