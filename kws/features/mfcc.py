"""Samples to MFCC frames, as they arrive."""

import copy
from dataclasses import dataclass
from typing import NamedTuple, Self

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


class Windows(NamedTuple):
    """What a call of `IncrementalMfcc.cut` gives back: T windows, T a multiple of the block."""

    tapered: npt.NDArray[np.float64]
    """(T, window) samples, pre-emphasised, scaled and tapered."""
    power: npt.NDArray[np.float64]
    """(T,) mean square of each window's samples, which lie in [-1, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class MfccState:
    """Where a framer stands: the samples that the next windows still need."""

    pending: npt.NDArray[np.float64]
    """The last sample consumed (0 at the start of a stream), for the pre-emphasis, and those not
    consumed yet, fewer than a block of windows spans."""


class IncrementalMfcc:
    """MFCC of an endless signal, equal to the bit however the signal is cut.

    The method is that of `python_speech_features.mfcc` with ``appendEnergy=False`` and a floor
    added to the mel energies; the window, the filters and the DCT come ready-made in `matrices`.
    Unlike there, a last partial window is not padded: it waits for more samples.

    Products of different shapes differ in their last bits, so each frame is a product of its own,
    however many are computed in one call.  Frames come `block` at a time, counted from the start
    or the last reset of the stream.
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
        self._span = (block - 1) * spec.hop + spec.window
        self._taper = matrices.window * spec.sample_scale
        # psf divides the power spectrum by the FFT size; here the filters carry that factor.
        self._mel = (matrices.mel / spec.fft).astype(self._dtype)
        self._dct = (matrices.dct / matrices.deviation).astype(self._dtype)
        self._offset = (-matrices.mean / matrices.deviation).astype(self._dtype)
        # The logarithm needs something even where a model asks for no floor at all.
        self._floor = np.asarray(max(spec.floor, np.finfo(np.float64).eps), self._dtype)
        self.reset()

    def sibling(self) -> Self:
        """A framer for another stream, at its start, with the same arrays."""
        other = copy.copy(self)
        other.reset()
        return other

    def reset(self) -> None:
        """Forget all samples: the next one fed is the first of a stream."""
        self._state = MfccState(np.zeros(1))

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
        windows = self.cut(samples)
        return Frames(self.transform(windows.tapered), windows.power)

    def cut(self, samples: Array) -> Windows:
        """The first half of `feed`: samples (N,) to the windows that they complete."""
        hop, window = self.spec.hop, self.spec.window
        signal = np.concatenate((self._state.pending, samples), dtype=np.float64)
        step = self.block * hop
        blocks = max(0, (len(signal) - 1 - self._span) // step + 1)
        count = blocks * self.block
        self._state = MfccState(signal[blocks * step :].copy())
        emphasised = signal[1:] - self.spec.preemphasis * signal[:-1]
        plain = _overlapping(signal[1:], count, window, hop)
        return Windows(
            tapered=_overlapping(emphasised, count, window, hop) * self._taper,
            power=np.vecdot(plain, plain) / window,
        )

    def transform(self, tapered: npt.NDArray[np.float64]) -> Array:
        """The second half of `feed`, without memory: windows (T, window) to MFCC (T, C)."""
        # In float64, because a loud bin would drown a faint one in the rounding of float32.
        spectrum = np.fft.rfft(tapered, self.spec.fft)
        bins = (spectrum.real**2 + spectrum.imag**2).astype(self._dtype)
        log_mel = np.log(bins[:, None] @ self._mel + self._floor)
        return (log_mel @ self._dct + self._offset)[:, 0]


def _overlapping(signal: Array, count: int, window: int, hop: int) -> Array:
    """A view of contiguous (N,) as (count, window), one hop apart."""
    (stride,) = signal.strides
    return np.ndarray((count, window), signal.dtype, signal.data, strides=(hop * stride, stride))
