"""What sounds are mixed with: levels, ramps, noise."""

import numpy as np
import numpy.typing as npt
import scipy.fft

Audio = npt.NDArray[np.float32]
Rng = np.random.Generator

QUIETEST = 1e-6
"""No level is lower: what is divided by one stays finite."""


def rms(audio: Audio) -> float:
    """Root mean square of samples in [-1, 1], never 0."""
    return max(float(np.sqrt(np.mean(np.square(audio)))) if len(audio) else 0.0, QUIETEST)


def amplitude(decibels: float) -> float:
    """A level in dB as a factor of amplitude."""
    return float(10 ** (decibels / 20))


def ramp(audio: Audio, samples: int) -> Audio:
    """Fade both ends of `audio` (in place) over `samples` each."""
    samples = min(samples, len(audio) // 2)
    if samples:
        slope = np.linspace(0, 1, samples, endpoint=False, dtype=np.float32)
        audio[:samples] *= slope
        audio[-samples:] *= slope[::-1]
    return audio


def coloured_noise(rng: Rng, length: int, slope: float) -> Audio:
    """Noise of RMS 1 whose power falls with frequency to the power `slope` (0 white, 1 pink)."""
    size = 1 << (length - 1).bit_length()
    spectrum = scipy.fft.rfft(rng.standard_normal(size, dtype=np.float32))
    frequency = np.maximum(np.arange(len(spectrum), dtype=np.float32), size / 400)
    coloured = spectrum * frequency ** np.float32(-slope / 2)
    noise: Audio = scipy.fft.irfft(coloured, size)[:length]
    return noise / rms(noise)
