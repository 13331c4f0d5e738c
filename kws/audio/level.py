"""How loud a sound is."""

import math

_SILENCE_DBFS = -120.0


def dbfs(mean_square: float) -> float:
    """Level in dB below full scale of a mean square of samples in [-1, 1], -120 at the least."""
    return max(_SILENCE_DBFS, 10 * math.log10(max(mean_square, 1e-12)))
