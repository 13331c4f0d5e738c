"""Samples to MFCC frames, as they arrive."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import Matrices
from kws.spotting.row_clock import RowClock

Array = npt.NDArray[np.floating]


class Frames(NamedTuple):
    """What a call of `IncrementalMfcc.step` gives back: T frames, T a multiple of the block."""

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
        self._clock = RowClock.of(spec, block)
        self._taper = matrices.window * spec.sample_scale
        # psf divides the power spectrum by the FFT size; here the filters carry that factor.
        self._mel = (matrices.mel / spec.fft).astype(self._dtype)
        self._dct = (matrices.dct / matrices.deviation).astype(self._dtype)
        self._offset = (-matrices.mean / matrices.deviation).astype(self._dtype)
        # The logarithm needs something even where a model asks for no floor at all.
        self._floor = np.asarray(max(spec.floor, np.finfo(np.float64).eps), self._dtype)

    def initial_state(self) -> MfccState:
        """The state before the first sample of a stream."""
        return MfccState(np.zeros(1))

    def step(self, samples: Array, state: MfccState) -> tuple[Frames, MfccState]:
        """Take samples (N,) in [-1, 1], give back the frames that they complete.

        `samples` must be finite; any N will do, 0 and 1 included.
        """
        windows, state = self.cut(samples, state)
        return Frames(self.transform(windows.tapered), windows.power), state

    def cut(self, samples: Array, state: MfccState) -> tuple[Windows, MfccState]:
        """The first half of `step`: samples (N,) to the windows that they complete."""
        hop, window = self.spec.hop, self.spec.window
        signal = np.concatenate((state.pending, samples), dtype=np.float64)
        first, step = self._clock
        blocks = max(0, (len(signal) - 1 - first) // step + 1)
        count = blocks * self.block
        emphasised = signal[1:] - self.spec.preemphasis * signal[:-1]
        plain = _overlapping(signal[1:], count, window, hop)
        windows = Windows(
            tapered=_overlapping(emphasised, count, window, hop) * self._taper,
            power=np.vecdot(plain, plain) / window,
        )
        return windows, MfccState(signal[blocks * step :].copy())

    def transform(self, tapered: npt.NDArray[np.float64]) -> Array:
        """The second half of `step`, without memory: windows (T, window) to MFCC (T, C)."""
        # In float64, because a loud bin would drown a faint one in the rounding of float32.
        spectrum = np.fft.rfft(tapered, self.spec.fft)
        bins = (spectrum.real**2 + spectrum.imag**2).astype(self._dtype)
        log_mel = np.log(bins[:, None] @ self._mel + self._floor)
        mfcc: Array = (log_mel @ self._dct + self._offset)[:, 0]
        return mfcc


def _overlapping(signal: Array, count: int, window: int, hop: int) -> Array:
    """A view of contiguous (N,) as (count, window), one hop apart."""
    (stride,) = signal.strides
    return np.ndarray((count, window), signal.dtype, signal.data, strides=(hop * stride, stride))
