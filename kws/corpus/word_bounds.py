"""Where in a clip the word is: by energy, since Speech Commands does not say.

A *clip label* says which word a clip holds; a *frame label* says at which moment the network is to
answer with it (see `targets.py`).  The second kind needs the end of the word.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d, uniform_filter1d

_HOP = 160
_WINDOW = 400
_SMOOTHING = 3
_DEEPEST = 28.0
"""dB below the peak that may still be the word: a final t or f is that faint."""
_PAUSE = 16
"""Hops: the closure before a final stop consonant lasts up to 160 ms."""


@dataclass(frozen=True, slots=True)
class WordSpan:
    """First sample of the word and first sample after it, within its clip."""

    start: int
    end: int
    cut_off: bool
    """The word seems to go on beyond the end of the clip."""


def word_bounds(samples: npt.NDArray[np.int16]) -> WordSpan:
    """Find the word in a clip (N,) by energy.

    The energy of the slightly pre-emphasised signal, in windows of 25 ms every 10 ms, is compared
    with a threshold between the noise floor (10th percentile) and the peak (98th).  The stretch
    around the loudest moment counts, and its neighbours across short pauses.  A clip of nothing
    gives its whole length.
    """
    length = len(samples)
    level = _levels(samples)
    if len(level) < 5:
        return WordSpan(0, length, False)
    low, high = np.percentile(level, (10, 98))
    threshold = max(low + min(8.0, 0.4 * (high - low)), high - _DEEPEST)
    active = level > threshold
    if not active.any() or high - low < 3:
        return WordSpan(0, length, False)
    peak = int(np.argmax(np.where(active, level, -np.inf)))
    first, last = _grow(active, peak)
    start = max(0, first * _HOP + (_WINDOW - _HOP) // 2)
    end = min(length, last * _HOP + (_WINDOW + _HOP) // 2)
    return WordSpan(start, end, last >= len(level) - 2)


def speech_dips(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """Moments (M,) at which running speech (N,) is least loud for 100 ms around: where to cut it.

    The start and the end count as such.
    """
    level = uniform_filter1d(_levels(samples), 5)
    if len(level) < 11:
        return np.array([0, len(samples)])
    lowest = level == minimum_filter1d(level, 11)
    faint = level < np.percentile(level, 60)
    dips = np.flatnonzero(lowest & faint) * _HOP + _WINDOW // 2
    return np.unique(np.concatenate(([0], dips, [len(samples)])))


def _levels(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.float64]:
    signal = samples.astype(np.float64)
    signal[1:] -= 0.7 * signal[:-1]
    if len(signal) < _WINDOW:
        return np.zeros(0)
    energy = np.concatenate(([0.0], np.cumsum(signal**2)))
    starts = np.arange(0, len(signal) - _WINDOW + 1, _HOP)
    power = (energy[starts + _WINDOW] - energy[starts]) / _WINDOW
    levels: npt.NDArray[np.float64] = uniform_filter1d(10 * np.log10(power + 1.0), _SMOOTHING)
    return levels


def _grow(active: npt.NDArray[np.bool_], peak: int) -> tuple[int, int]:
    """The first and last active hop around `peak`, across pauses of at most `_PAUSE` hops."""
    first = last = peak
    for hop in np.flatnonzero(active[:peak])[::-1]:
        if first - hop > _PAUSE + 1:
            break
        first = int(hop)
    for hop in np.flatnonzero(active[peak:]) + peak:
        if hop - last > _PAUSE + 1:
            break
        last = int(hop)
    return first, last
