"""Which samples are sound at all."""

import numpy as np
import numpy.typing as npt

LARGEST = 1e6
"""Nominal full scale is 1.  Beyond this the squares of the spectrum would overflow float32."""


def valid(samples: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """(N,) samples to (N,) whether each is a number that can be sound: not NaN, not huge."""
    # A comparison with NaN is false.
    return np.abs(samples) <= LARGEST
