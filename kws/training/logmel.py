"""Log mel energies of whole signals at once, for training; the contract is the runtime's.

Training keeps log mel energies and not MFCC, because an equaliser, a warped filter bank or a mask
is simple there; the DCT follows in the network's input (`spectral.py`).
"""

import numpy as np
import numpy.typing as npt
import scipy.fft

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import Matrices

Array = npt.NDArray[np.float32]


class LogMel:
    """Samples (N,) to log mel energies (T, mels) in float32, as `IncrementalMfcc` has inside."""

    def __init__(self, spec: FeatureSpec, matrices: Matrices) -> None:
        self.spec = spec
        self._taper = matrices.window.astype(np.float32)
        self._mel = (matrices.mel / spec.fft).astype(np.float32)
        self._floor = np.float32(max(spec.floor, np.finfo(np.float64).eps))

    def frames(self, samples: int) -> int:
        """Whole windows in so many samples."""
        return max(0, (samples - self.spec.window) // self.spec.hop + 1)

    def __call__(self, audio: Array) -> Array:
        """`audio` in [-1, 1] from the start of a stream; a last partial window is left out."""
        spec = self.spec
        emphasised = audio * np.float32(spec.sample_scale)
        emphasised[1:] -= np.float32(spec.preemphasis) * emphasised[:-1].copy()
        windows = np.lib.stride_tricks.sliding_window_view(emphasised, spec.window)[:: spec.hop]
        spectrum = scipy.fft.rfft(windows * self._taper, spec.fft)
        log_mel: Array = np.log((spectrum.real**2 + spectrum.imag**2) @ self._mel + self._floor)
        return log_mel
