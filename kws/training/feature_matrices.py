"""The arrays of the feature contract, computed by python_speech_features at export time."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from python_speech_features import base
from scipy.fftpack import dct

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import Matrices

_TAPERS: dict[str, Callable[[int], npt.NDArray[np.float64]]] = {
    "hann": np.hanning,
    "hamming": np.hamming,
    "rectangular": np.ones,
}


def build_matrices(spec: FeatureSpec) -> Matrices:
    """Window, mel filters and DCT of `spec`; mean 0 and deviation 1 until statistics are known.

    Source: `python_speech_features.get_filterbanks` and `lifter`, `scipy.fftpack.dct` (the one
    that `python_speech_features.mfcc` calls).

    Raises:
        ModelError: a field makes no sense, or a filter is too narrow for the FFT to have a bin.
    """
    spec.check()
    mel = base.get_filterbanks(spec.mels, spec.fft, spec.sample_rate, spec.low_hz, spec.high_hz).T
    empty = np.flatnonzero(mel.sum(axis=0) == 0)
    if len(empty):
        raise ModelError(
            f"features.mels is {spec.mels}, but filter {empty[0]} holds no bin of an FFT of "
            f"{spec.fft} points: use fewer filters, a larger fft or a higher low_hz"
        )
    identity = np.eye(spec.mels)
    cosines = dct(identity, type=2, axis=1, norm="ortho")[:, : spec.coefficients]
    return Matrices(
        window=_TAPERS[spec.window_function](spec.window),
        mel=mel,
        dct=base.lifter(cosines, spec.lifter),
        mean=np.zeros(spec.coefficients),
        deviation=np.ones(spec.coefficients),
    )
