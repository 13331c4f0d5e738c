"""Samples to MFCC frames, as they arrive."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kws.features.matrices import Matrices
from kws.features.spec import FeatureSpec

Array = npt.NDArray[np.floating]


class Frames(NamedTuple):
    """What a call of `IncrementalMfcc.feed` gives back: T frames, T a multiple of the block."""

    mfcc: Array
    """(T, coefficients) normalised MFCC, one row per hop."""
    power: npt.NDArray[np.float64]
    """(T,) mean square of each window's samples, which lie in [-1, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class MfccState:
    """Where a framer stands: the samples that the next windows still need."""

    pending: Array
    """Samples not consumed yet, fewer than a block of windows spans."""
    previous: float
    """The sample before `pending`, for the pre-emphasis; 0 at the start of a stream."""


class IncrementalMfcc:
    """MFCC of an endless signal, equal to the bit however the signal is cut.

    The method is that of `python_speech_features.mfcc` with ``appendEnergy=False`` and a floor
    added to the mel energies; the window, the filters and the DCT come ready-made in `matrices`.
    Unlike there, a last partial window is not padded: it waits for more samples.

    Products of different shapes differ in their last bits, so frames are always computed `block`
    at a time, counted from the start or the last reset of the stream.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        matrices: Matrices,
        block: int = 1,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.spec = spec
        self.block = block
        self._dtype = np.dtype(dtype)
        # All windows of a block, as indices into the samples it spans.
        self._windows = np.arange(block)[:, None] * spec.hop + np.arange(spec.window)
        self._span = (block - 1) * spec.hop + spec.window
        self._taper = matrices.window
        # psf divides the power spectrum by the FFT size; here the filters carry that factor.
        self._mel = (matrices.mel / spec.fft).astype(self._dtype)
        self._dct = (matrices.dct / matrices.deviation).astype(self._dtype)
        self._offset = (-matrices.mean / matrices.deviation).astype(self._dtype)
        # The logarithm needs something even where a model asks for no floor at all.
        self._floor = np.asarray(max(spec.floor, np.finfo(np.float64).eps), self._dtype)
        self.reset()

    def reset(self) -> None:
        """Forget all samples: the next one fed is the first of a stream."""
        self._state = MfccState(pending=np.zeros(0, np.float64), previous=0.0)

    def snapshot(self) -> MfccState:
        """The state as a value; later calls do not change it."""
        return self._state

    def restore(self, state: MfccState) -> None:
        """Go on from a `snapshot`."""
        self._state = state

    def feed(self, samples: Array) -> Frames:
        """Take samples (N,) in [-1, 1], give back the frames that they complete.

        `samples` must be finite; any N will do, 0 and 1 included.
        """
        signal = np.concatenate((self._state.pending, samples))
        step = self.block * self.spec.hop
        blocks = max(0, (len(signal) - self._span) // step + 1)
        mfcc = np.empty((blocks * self.block, self.spec.coefficients), self._dtype)
        power = np.empty(blocks * self.block)
        previous = self._state.previous
        for index in range(blocks):
            start = index * step
            rows = slice(index * self.block, (index + 1) * self.block)
            span = signal[start : start + self._span]
            mfcc[rows], power[rows] = self._frames(span, previous)
            previous = float(signal[start + step - 1])
        self._state = replace(
            self._state, pending=signal[blocks * step :].copy(), previous=previous
        )
        return Frames(mfcc, power)

    def _frames(self, span: Array, previous: float) -> tuple[Array, Array]:
        """One block: (span,) samples to (block, coefficients) MFCC and (block,) mean squares."""
        emphasised = span.copy()
        emphasised[1:] -= self.spec.preemphasis * span[:-1]
        emphasised[0] -= self.spec.preemphasis * previous
        emphasised *= self.spec.sample_scale
        # In float64, because a loud bin would drown a faint one in the rounding of float32.
        spectrum = np.fft.rfft(emphasised[self._windows] * self._taper, self.spec.fft)
        bins = (spectrum.real**2 + spectrum.imag**2).astype(self._dtype)
        log_mel = np.log(bins @ self._mel + self._floor)
        windows = span[self._windows]
        power = np.einsum("ij,ij->i", windows, windows) / self.spec.window
        return log_mel @ self._dct + self._offset, power
