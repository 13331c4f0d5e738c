"""Words that were nearly heard: what a threshold had to do with it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

NOTEWORTHY = 1 / 3
"""Share of the threshold from which a peak is worth a word."""
REACH_SECONDS = 0.3
"""Peaks of one word that are closer than this are one."""


class Peak(NamedTuple):
    """A score that rose and fell without a detection."""

    word: str
    seconds: float
    score: float
    threshold: float

    @property
    def held_back(self) -> bool:
        """Whether the score was high enough: it was too soon after a detection."""
        return self.score >= self.threshold

    @property
    def lack(self) -> str:
        """Why it did not fire."""
        return "too soon" if self.held_back else f"lacks {self.threshold - self.score:.2f}"

    @property
    def text(self) -> str:
        """The word, its score, and why it did not fire."""
        return f"{self.word} {self.score:.2f}, {self.lack}"


def unfired_peaks(
    word: str,
    times: npt.NDArray[np.floating],
    scores: npt.NDArray[np.floating],
    threshold: float,
    fired: Sequence[float],
) -> list[Peak]:
    """The peaks of a word that did not lead to a detection.

    Args:
        times: (N,) ascending, in seconds.
        scores: (N,) of the word at these times.
        fired: when the word was detected, in seconds.
    """
    high = np.flatnonzero(scores >= threshold * NOTEWORTHY)
    if not len(high):
        return []
    runs = np.split(high, np.flatnonzero(np.diff(times[high]) > REACH_SECONDS) + 1)
    peaks = []
    for run in runs:
        first, last = times[run[0]] - REACH_SECONDS, times[run[-1]] + REACH_SECONDS
        if not any(first <= moment <= last for moment in fired):
            best = run[scores[run].argmax()]
            peaks.append(Peak(word, float(times[best]), float(scores[best]), threshold))
    return peaks
