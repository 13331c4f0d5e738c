"""What was heard along a stream, kept so that other thresholds can be tried on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.corpus.matching import Firing
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

Array = npt.NDArray[np.floating]


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
