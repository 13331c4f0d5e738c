"""Deciding again, with other settings, on posteriors or scores that were kept."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.spotting.detector import Detector
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Trial:
    """What fired with other settings."""

    keyword: str
    fired: int
    score: float


def decide_again(
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
