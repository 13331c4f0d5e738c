"""Posteriors to decisions: smoothing, thresholds with hysteresis, refractory periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kws.model.spec import DecisionSettings, KeywordSettings

Array = npt.NDArray[np.floating]

_LONG_AGO = -(1 << 62)


class Decision(NamedTuple):
    """What one row of posteriors led to."""

    scores: Array
    """(keywords,) smoothed posteriors."""
    fired: int | None
    """Index of the keyword that fired, if one did."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorState:
    """What the detector remembers of a stream.  A value: it is replaced, never edited."""

    history: Array
    """(longest smoothing, keywords) the last posteriors, oldest first, zeros before the start."""
    armed: npt.NDArray[np.bool_]
    """(keywords,) whether the word may fire: its score fell below its release since it last did."""
    last: npt.NDArray[np.int64]
    """(keywords,) position at which the word last fired."""


class Detector:
    """Decides, row by row, which keyword was heard.

    - The score of a word is the mean of its last `smoothing` posteriors (Chen et al. 2014).
    - A word fires when its score reaches its threshold; of several, the one with the highest
      margin above its threshold.
    - After a detection no word fires for `refractory` samples.  Every word whose score is not
      below its release at that moment is spent: it fires again only after its score fell below
      the release, so a score that stays high gives one detection.
    - The word that fired also waits for `rearm` samples.

    Positions are sample indices and must not decrease.
    """

    def __init__(self, keywords: Sequence[KeywordSettings], decision: DecisionSettings) -> None:
        self._decision = decision
        longest = max(keyword.smoothing for keyword in keywords)
        # Column k holds 1 / smoothing for the rows that the mean of word k spans.
        self._weights = np.zeros((longest, len(keywords)))
        for index, keyword in enumerate(keywords):
            self._weights[-keyword.smoothing :, index] = 1 / keyword.smoothing
        self.thresholds = np.array([keyword.threshold for keyword in keywords])
        self._release_ratio = np.array([word.release / word.threshold for word in keywords])
        self.reset()

    @property
    def releases(self) -> Array:
        """(keywords,) scores below which a word re-arms; they move with the thresholds."""
        return self.thresholds * self._release_ratio

    def reset(self) -> None:
        """Forget the stream."""
        self._state = DetectorState(
            history=np.zeros_like(self._weights),
            armed=np.ones(len(self.thresholds), np.bool_),
            last=np.full(len(self.thresholds), _LONG_AGO, np.int64),
        )

    def snapshot(self) -> DetectorState:
        """The state as a value."""
        return self._state

    def restore(self, state: DetectorState) -> None:
        """Go on from a `snapshot`."""
        self._state = state

    def step(self, posteriors: Array, position: int) -> Decision:
        """Take the keywords' posteriors (keywords,) of one row that was complete at `position`."""
        state = self._state
        history = np.concatenate((state.history[1:], posteriors[None]))
        scores = (history * self._weights).sum(axis=0)
        released = scores < self.releases
        armed = state.armed | released
        last = state.last
        since = position - last
        ready = armed & (since >= self._decision.rearm)
        if since.min() < self._decision.refractory:
            ready = np.zeros_like(ready)
        margins = np.where(ready, scores - self.thresholds, -np.inf)
        fired = None
        if margins.max() >= 0:
            fired = int(margins.argmax())
            last = last.copy()
            last[fired] = position
            armed = released
        self._state = DetectorState(history, armed, last)
        return Decision(scores, fired)
