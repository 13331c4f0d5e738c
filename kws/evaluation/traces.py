"""What was heard along a stream, kept so that other thresholds can be tried on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.evaluation.matching import Firing
from kws.spotting.detector import Detector
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Trial:
    """A detection of a replay with other settings."""

    keyword: str
    fired: int
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One stream as a listener heard it, and by what settings it decided."""

    listener: str
    keywords: list[KeywordSettings]
    columns: list[int]
    """Which posterior belongs to each keyword."""
    decision: DecisionSettings
    positions: npt.NDArray[np.int64]
    """(rows,) sample up to which the stream was heard."""
    posteriors: Array
    """(rows, labels) output of the network."""
    scores: Array
    """(rows, keywords) smoothed posteriors, as the listener decided on them."""
    detections: Sequence[Firing]
    """As shipped: what the listener itself said."""

    @property
    def words(self) -> list[str]:
        """The words that can fire."""
        return [keyword.word for keyword in self.keywords]


def replay(
    positions: npt.NDArray[np.int64],
    scores: Array,
    keywords: Sequence[KeywordSettings],
    decision: DecisionSettings,
) -> list[Trial]:
    """Decide again on recorded scores (rows, keywords), with the thresholds of `keywords`.

    The scores are smoothed already, so the detector is told to average over one row.
    """
    settings = [msgspec.structs.replace(keyword, smoothing=1) for keyword in keywords]
    detector = Detector(settings, decision)
    fired = detector.step(scores, positions, detector.initial_state())[0].fired
    return [
        Trial(keywords[word].word, int(positions[row]), float(scores[row, word]))
        for row, word in fired
    ]


def smooth(posteriors: Array, rows: int) -> Array:
    """Mean of the last `rows` rows of (R, K), zeros before the first, as the detector has it."""
    padded = np.concatenate((np.zeros((rows, posteriors.shape[1])), posteriors))
    sums = np.cumsum(padded, axis=0, dtype=np.float64)
    return (sums[rows:] - sums[:-rows]) / rows


def shifted(keywords: Sequence[KeywordSettings], shift: float) -> list[KeywordSettings]:
    """The same settings, thresholds moved by `shift` in log-odds and releases in proportion."""
    return [with_threshold(word, sigmoid(log_odds(word.threshold) + shift)) for word in keywords]


def with_threshold(keyword: KeywordSettings, threshold: float) -> KeywordSettings:
    """The same settings with another threshold, and the release in proportion to it."""
    return msgspec.structs.replace(
        keyword, threshold=threshold, release=keyword.release / keyword.threshold * threshold
    )


def log_odds(probability: float) -> float:
    """log(p / (1 - p))."""
    return float(np.log(probability) - np.log1p(-probability))


def sigmoid(value: float) -> float:
    """The probability whose log-odds are `value`."""
    return float(1 / (1 + np.exp(-value)))
