"""The level meter: what the eye needs of a number that changes 25 times a second."""

_HOLD_SECONDS = 1.5
_FALL_PER_SECOND = 20.0
_STALE_SECONDS = 1.0
_ZEROS_DBFS = -110.0


class LevelMeter:
    """The level of the newest block, and a peak that stays a while and then falls.

    Levels are in dBFS, root mean square; times are those of a clock in seconds that never goes
    back.
    """

    def __init__(self) -> None:
        self._level = self._peak = 0.0
        self._at = self._peak_at = float("-inf")

    def add(self, level: float, now: float) -> None:
        """Take the level of a block."""
        held = self.peak(now)
        if held is None or level >= held:
            self._peak, self._peak_at = level, now
        self._level, self._at = level, now

    def level(self, now: float) -> float | None:
        """The newest level; None when there has been none for a second."""
        return self._level if now - self._at < _STALE_SECONDS else None

    def peak(self, now: float) -> float | None:
        """The held peak, never below the level; None when there is no level."""
        level = self.level(now)
        if level is None:
            return None
        falling = max(0.0, now - self._peak_at - _HOLD_SECONDS)
        return max(level, self._peak - _FALL_PER_SECOND * falling)

    def silent(self, now: float) -> bool:
        """Whether there is a level, and it is that of zeros: no microphone is so quiet."""
        peak = self.peak(now)
        return peak is not None and peak <= _ZEROS_DBFS
