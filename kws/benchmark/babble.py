"""A sound to measure with."""

import numpy as np

from kws.samples import RATE, Samples

_SYLLABLES_PER_SECOND = 4.0
_LEVEL = 0.05


def babble(seconds: float) -> Samples:
    """Noise that swells and fades like syllables, (N,) at 16 kHz, the same each time.

    No step of the chain takes longer for one sound than for another, so speech is not needed.
    """
    noise = np.random.default_rng(1).standard_normal(round(seconds * RATE))
    # A first difference of a running sum: more low than high frequencies, as in a voice.
    voiced = np.convolve(noise, np.exp(-np.arange(32) / 8), "same")
    swell = np.sin(np.pi * _SYLLABLES_PER_SECOND * np.arange(len(noise)) / RATE) ** 2
    sound: Samples = (_LEVEL * voiced * swell).astype(np.float32)
    return sound
