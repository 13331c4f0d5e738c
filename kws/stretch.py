"""A stretch of a recording: what of it is shown."""

import math
from typing import NamedTuple

from kws.spotting.detection import Detection


class Stretch(NamedTuple):
    """From one time of a recording up to another, in seconds; all of it by default.

    The recording is heard from its beginning all the same: what a network makes of a word depends
    on what it heard before.
    """

    start: float = 0.0
    end: float = math.inf

    def holds(self, seconds: float) -> bool:
        """Whether a time lies in it."""
        return self.start <= seconds < self.end

    def holds_word(self, detection: Detection, rate: int) -> bool:
        """Whether the middle of a word does, so that of two that adjoin one has the word."""
        return self.holds((detection.start + detection.end) / 2 / rate)


WHOLE = Stretch()
