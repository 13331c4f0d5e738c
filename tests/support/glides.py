"""Three "words" that are tones gliding in different ways."""

from pathlib import Path

import numpy as np
import soundfile

WORDS = {"rise": (300, 2500), "fall": (2500, 300), "flat": (900, 900)}
WORD_SAMPLES = 8000


def write_clip(path: Path, word: str, seed: int, noise: float = 1e-3) -> tuple[int, int]:
    """Write one clip of 1 s; gives back where the tone starts and ends."""
    rng = np.random.default_rng(seed)
    low, high = WORDS[word]
    frequency = np.linspace(low, high, WORD_SAMPLES) * rng.uniform(0.95, 1.05)
    tone = np.sin(2 * np.pi * np.cumsum(frequency) / 16000) * rng.uniform(0.1, 0.4)
    # A flat top with edges of 20 ms: the ends of the tone are where it ends to the ear as well.
    edge = np.clip(np.minimum(np.arange(WORD_SAMPLES), np.arange(WORD_SAMPLES)[::-1]) / 320, 0, 1)
    audio = rng.normal(0, noise, 16000)
    start = int(rng.integers(2000, 6000))
    audio[start : start + WORD_SAMPLES] += tone * edge
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, 16000, subtype="PCM_16")
    return start, start + WORD_SAMPLES
