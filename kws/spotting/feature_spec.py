"""The feature contract: all that decides what a model hears in a signal."""

from typing import Literal

import msgspec

from kws.errors import ModelError
from kws.samples import RATE


class FeatureSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Parameters of the MFCC.  The names in brackets are those of `python_speech_features.mfcc`.

    Training and running must agree on every one of them, so they travel inside the model.
    """

    sample_rate: int = RATE
    """Samples per second that the framer is fed with (samplerate)."""
    sample_scale: float = 32768.0
    """Samples in [-1, 1] are multiplied by this first; 32768 is the scale of 16-bit integers."""
    window: int = 512
    """Samples in an analysis window (winlen)."""
    hop: int = 320
    """Samples from one window to the next (winstep)."""
    fft: int = 512
    """Points of the Fourier transform, at least `window` (nfft)."""
    window_function: Literal["hann", "hamming", "rectangular"] = "hann"
    """Taper of the window (winfunc); what the runtime applies is the array in the weights."""
    mels: int = 40
    """Triangular mel filters (nfilt)."""
    low_hz: float = 60.0
    """Lower edge of the first filter (lowfreq)."""
    high_hz: float = 7600.0
    """Upper edge of the last filter (highfreq)."""
    coefficients: int = 40
    """Cepstral coefficients kept, from c0 on (numcep)."""
    preemphasis: float = 0.97
    """y[n] = x[n] - preemphasis * x[n-1] (preemph)."""
    lifter: int = 0
    """Cepstral lifter, 0 for none (ceplifter)."""
    floor: float = 100.0
    """Added to every mel energy before the logarithm, so that silence is an ordinary input.

    100 is what white noise at about -77 dBFS gives.
    """

    def span(self, frames: int) -> int:
        """Samples from the start of the first to the end of the last of so many windows."""
        return (frames - 1) * self.hop + self.window

    def check(self) -> None:
        """Raise `ModelError` naming the first field that makes no sense."""
        for field, good, wish in (
            ("sample_rate", self.sample_rate == RATE, str(RATE)),
            ("sample_scale", 0 < self.sample_scale < 1e9, "a positive number"),
            ("window", 1 < self.window <= RATE, f"2 to {RATE} samples"),
            ("hop", 0 < self.hop <= self.window, f"1 to window ({self.window}) samples"),
            ("fft", self.window <= self.fft <= 65536, f"window ({self.window}) to 65536 points"),
            ("mels", 0 < self.mels <= self.fft // 2, f"1 to {self.fft // 2} filters"),
            ("low_hz", 0 <= self.low_hz < self.high_hz, f"0 to high_hz ({self.high_hz:g})"),
            ("high_hz", self.high_hz <= self.sample_rate / 2, f"at most {self.sample_rate // 2}"),
            ("coefficients", 0 < self.coefficients <= self.mels, f"1 to mels ({self.mels})"),
            ("preemphasis", 0 <= self.preemphasis < 1, "0 to below 1"),
            ("lifter", 0 <= self.lifter <= 1000, "0 to 1000"),
            ("floor", 0 <= self.floor < 1e12, "a number from 0 up"),
        ):
            if not good:
                value = getattr(self, field)
                raise ModelError(f"features.{field} is {value}, it must be {wish}")
