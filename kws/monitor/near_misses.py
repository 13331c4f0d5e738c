"""Words that are nearly heard, found while their scores arrive."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kws.samples import RATE
from kws.spotting.peaks import NOTEWORTHY, REACH_SECONDS, Peak, unfired_peaks

_REACH = round(REACH_SECONDS * RATE)
_ROWS = 1500
"""A score that stays high is judged by its last minute."""
_FIRED = 128
"""More than fire in that minute."""


@dataclass(slots=True)
class _Rise:
    """The rows of a score that is high, all of them under one threshold."""

    threshold: float
    positions: deque[int] = field(default_factory=lambda: deque(maxlen=_ROWS))
    scores: deque[float] = field(default_factory=lambda: deque(maxlen=_ROWS))


class NearMisses:
    """Tells of each peak that the picture of a replay calls a near miss, once it is over.

    What a near miss is says `unfired_peaks`: a score that rose to a third of its threshold or more,
    and no detection of the word within 0.3 s of the time that it was so high.  Positions are
    sample indices.
    """

    def __init__(self) -> None:
        self._rises: dict[str, _Rise] = {}
        self._fired: dict[str, deque[int]] = {}

    def fire(self, word: str, position: int) -> None:
        """`word` was detected at `position`."""
        self._fired.setdefault(word, deque(maxlen=_FIRED)).append(position)

    def step(
        self, position: int, scores: Mapping[str, float], thresholds: Mapping[str, float | None]
    ) -> list[Peak]:
        """Take the scores of the row that was complete at `position`; none if nobody listened.

        Returns:
            the near misses that are over, in the order of the words.
        """
        for word, score in scores.items():
            threshold = thresholds.get(word)
            rise = self._rises.get(word)
            if rise is not None and rise.threshold != threshold:
                # Half of it was judged by another threshold: it is no miss of this one.
                del self._rises[word]
                rise = None
            if threshold is None or score < threshold * NOTEWORTHY:
                continue
            if rise is None:
                rise = self._rises[word] = _Rise(threshold)
            rise.positions.append(position)
            rise.scores.append(score)
        over = [w for w, rise in self._rises.items() if position - rise.positions[-1] > _REACH]
        return [peak for word in over for peak in self._judge(word, self._rises.pop(word))]

    def _judge(self, word: str, rise: _Rise) -> list[Peak]:
        return unfired_peaks(
            word,
            np.array(rise.positions) / RATE,
            np.array(rise.scores),
            rise.threshold,
            [position / RATE for position in self._fired.get(word, ())],
        )
