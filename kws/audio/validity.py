"""Which samples are sound at all."""

import numpy as np
import numpy.typing as npt

LARGEST = 6e4
"""Nominal full scale is 1.  Far beyond this the squares of the spectrum would overflow float32.
float16, which ends at 65504, must be able to tell this from infinity."""


def valid(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """(N,) samples to (N,) whether each is a number that can be sound: not NaN, not huge."""
    # A comparison with NaN is false.
    return np.abs(samples) <= LARGEST
