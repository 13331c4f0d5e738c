"""What may happen to sound on its way to a microphone, in groups that can be switched off.

| group | what |
|---|---|
| `place` | level of a voice, speed 0.85 to 1.15 (which moves pitch and formants too) |
| `noise` | noise under the speech, simulated rooms |
| `spectral` | equaliser, band limits, warped mel filters, masks (see `spectral.py`) |
| `near_misses` | keywords broken off half-way, halves of two in one breath (see `sounds.py`) |
| `faults` | what a daemon's audio suffers: repeated blocks, inserted zeros, DC, clipping, mute |
"""

from collections.abc import Sequence

import numpy as np
import soxr

from kws.corpus.mixing import QUIETEST, Audio, Rng
from kws.samples import RATE

GROUPS = ("place", "noise", "spectral", "near_misses", "faults")


def change_speed(audio: Audio, factor: float) -> Audio:
    """Play `audio` (N,) `factor` times as fast: (N / factor,), pitch and formants move along."""
    changed: Audio = soxr.resample(audio, RATE * factor, RATE, quality="LQ")
    return changed


def texture(rng: Rng, pieces: Sequence[Audio], length: int, grain: int = 1600) -> Audio | None:
    """Endless background from little: overlapping random grains of `pieces`, of equal power.

    None if no piece is long enough to take a grain from.
    """
    grain = min(grain, max((len(piece) for piece in pieces), default=0))
    pieces = [piece for piece in pieces if len(piece) >= grain]
    if grain < 480:
        return None
    hop = grain // 2
    count = length // hop + 2
    # Hann's square root: grains are not alike, so it is their powers that must add up to one.
    taper = np.sqrt(np.hanning(grain)).astype(np.float32)
    output = np.zeros(count * hop + grain, np.float32)
    for index in range(count):
        piece = pieces[rng.integers(len(pieces))]
        start = rng.integers(len(piece) - grain + 1)
        cut = piece[start : start + grain]
        output[index * hop : index * hop + grain] += taper * (cut[::-1] if index % 2 else cut)
    return output[hop : hop + length]


def damage(rng: Rng, audio: Audio) -> Audio:
    """One or two of a daemon's own faults, somewhere in `audio` (N,), in place."""
    for fault in rng.choice(5, size=rng.integers(1, 3), replace=False):
        if fault == 0:  # a block played twice, as after an underrun
            for _ in range(rng.integers(1, 6)):
                length, start = rng.integers(160, 800), rng.integers(800, len(audio) - 1600)
                audio[start : start + length] = audio[start - length : start]
        elif fault == 1:  # blocks of zeros in place of sound
            for _ in range(rng.integers(1, 8)):
                start = rng.integers(len(audio))
                audio[start : start + rng.integers(160, 1600)] = 0
        elif fault == 2:
            audio += np.float32(rng.uniform(-0.05, 0.05))
        elif fault == 3:
            limit = np.float32(rng.uniform(0.15, 0.7) * max(np.abs(audio).max(), QUIETEST))
            np.clip(audio, -limit, limit, out=audio)
        else:  # muted for some seconds
            start = rng.integers(len(audio))
            audio[start : start + rng.integers(8000, 64000)] = 0
    return audio
