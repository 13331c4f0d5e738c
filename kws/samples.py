"""Samples as all of kws has them: their rate, their level, and which of them are sound at all."""

import math

import numpy as np
import numpy.typing as npt

RATE = 16000
"""Sample rate of everything between the sources and the detections, in Hz."""

LARGEST = 6e4
"""Nominal full scale is 1.  Far beyond this the squares of the spectrum would overflow float32.
float16, which ends at 65504, must be able to tell this from infinity."""

Samples = npt.NDArray[np.float32]

_SILENCE_DBFS = -120.0


def dbfs(mean_square: float) -> float:
    """Level in dB below full scale of a mean square of samples in [-1, 1], -120 at the least."""
    return max(_SILENCE_DBFS, 10 * math.log10(max(mean_square, 1e-12)))


def valid(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """(N,) samples to (N,) whether each is a number that can be sound: not NaN, not huge."""
    # A comparison with NaN is false.
    sound: npt.NDArray[np.bool_] = np.abs(samples) <= LARGEST
    return sound
