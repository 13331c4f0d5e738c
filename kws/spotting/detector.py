"""Posteriors to decisions: smoothing, thresholds with hysteresis, refractory periods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kws.spotting.model_spec import DecisionSettings, KeywordSettings

Array = npt.NDArray[np.floating]

_LONG_AGO = -(1 << 62)


class Decisions(NamedTuple):
    """What some rows of posteriors led to."""

    scores: Array
    """(T, keywords) smoothed posteriors."""
    fired: list[tuple[int, int]]
    """Row and index of the keyword, of each that fired, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorState:
    """What the detector remembers of a stream.  A value: it is replaced, never edited."""

    history: Array
    """(longest smoothing - 1, keywords) the last posteriors, oldest first; zeros before those."""
    armed: npt.NDArray[np.bool_]
    """(keywords,) whether the word may fire: its score fell below its release since it last did."""
    last: npt.NDArray[np.int64]
    """(keywords,) position at which the word last fired."""


class Detector:
    """Decides which keyword was heard, from rows of posteriors.

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
        self._all = np.ones(len(keywords), np.bool_)
        self._release_ratio = np.array([word.release / word.threshold for word in keywords])

    @property
    def releases(self) -> Array:
        """(keywords,) scores below which a word re-arms; they move with the thresholds."""
        releases: Array = self.thresholds * self._release_ratio
        return releases

    def initial_state(self) -> DetectorState:
        """The state before the first row of a stream."""
        return DetectorState(
            history=np.zeros_like(self._weights[1:]),
            armed=self._all,
            last=np.full(len(self.thresholds), _LONG_AGO, np.int64),
        )

    def step(
        self,
        posteriors: Array,
        positions: Sequence[int] | npt.NDArray[np.int64],
        state: DetectorState,
    ) -> tuple[Decisions, DetectorState]:
        """Take the keywords' posteriors (T, keywords) of rows that were complete at `positions`.

        How the rows are cut into calls makes no difference, to the bit.
        """
        rows = np.concatenate((state.history, posteriors))
        scores = self._smoothed(rows, len(posteriors))
        released = scores < self.releases
        armed, last = state.armed, state.last
        fired = []
        # No word fires in a row that is below every release; all that it does is arm them all.
        next_row = 0
        for row in np.flatnonzero(~released.all(axis=1)).tolist():
            armed = released[row] | (armed if row == next_row else self._all)
            next_row = row + 1
            word = self._choose(scores[row], armed, positions[row] - last)
            if word is not None:
                fired.append((row, word))
                last = last.copy()
                last[word] = positions[row]
                armed = released[row]
        if next_row < len(scores):
            armed = self._all
        state = DetectorState(rows[len(posteriors) :].copy(), armed, last)
        return Decisions(scores, fired), state

    def _smoothed(self, rows: Array, count: int) -> Array:
        """The scores (count, keywords) of the last `count` of `rows`."""
        longest, words = self._weights.shape
        row, value = rows.strides
        spans = np.ndarray(
            (count, longest, words), rows.dtype, rows.data, strides=(row, row, value)
        )
        scores: Array = np.add.reduce(spans * self._weights, axis=1)
        return scores

    def _choose(
        self, scores: Array, armed: npt.NDArray[np.bool_], since: npt.NDArray[np.int64]
    ) -> int | None:
        """The word that fires in a row, `since` (keywords,) samples after each fired last."""
        if since.min() < self._decision.refractory:
            return None
        ready = armed & (since >= self._decision.rearm)
        margins = np.where(ready, scores - self.thresholds, -np.inf)
        word = int(margins.argmax())
        return word if margins[word] >= 0 else None
