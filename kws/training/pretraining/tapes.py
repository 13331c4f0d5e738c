"""Tapes of clean speech, for the teacher, and what a student is given of them to hear.

| group | what becomes of the clean tape |
|---|---|
| `place` | speed of each sound (the teacher hears it, too), level of the whole: -45 to -8 dBFS |
| `voices` | others talk in the background, 5 to 20 dB below |
| `noise` | one of 120 simulated rooms, noise of 0 to 25 dB under the speech |
| `faults` | what a daemon's audio suffers: repeated blocks, inserted zeros, DC, clipping, mute |
"""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
from scipy.signal import oaconvolve

from kws.corpus.mixing import Audio, Rng, amplitude, ramp, rms
from kws.samples import RATE
from kws.training.augmentation import damage
from kws.training.sounds import SoundKind, SoundLibrary

# What is said on a tape, as shares of its sounds: about as many seconds of words as of talk.
_KINDS: dict[SoundKind, float] = {"other": 0.7, "speech": 0.2, "piece": 0.1}
_CLEAN_LEVEL = -20.0
_LONG_GAPS = 0.08
"""Share of gaps of 2 to 8 s: a state that has heard nothing for a while is an ordinary one."""
_VOICES_SHARE = 0.2
_ROOM_SHARE = 0.4
_QUIET_SHARE = 0.25
_DAMAGE_SHARE = 0.15


class TapeMixer:
    """Mixes tapes of `samples` samples, each from a random generator of its own."""

    def __init__(
        self,
        library: SoundLibrary,
        samples: int,
        groups: Collection[str],
        rooms: npt.NDArray[np.float32] | None = None,
    ) -> None:
        self.library = library
        self.samples = samples
        self._groups = frozenset(groups)
        self._rooms = rooms if "noise" in self._groups else None

    def clean(self, rng: Rng) -> Audio:
        """Speech of many voices (samples,) in [-1, 1], one after the other, at about -20 dBFS."""
        audio = np.zeros(self.samples, np.float32)
        busy = rng.uniform(0.05, 0.6)
        position = int(rng.integers(0, 8000))
        while position < len(audio):
            sound = self._sound(rng)
            level = amplitude(_CLEAN_LEVEL + rng.normal(0, 3))
            spoken = rms(sound)
            if spoken < 1e-4:
                continue
            gain = min(level / spoken, 0.99 / float(np.abs(sound).max()))
            piece = ramp(sound * np.float32(gain), int(rng.integers(320, 800)))
            piece = piece[: len(audio) - position]
            audio[position : position + len(piece)] += piece
            position += len(piece) + self._gap(rng, busy)
        return audio

    def heard(self, rng: Rng, clean: Audio) -> Audio:
        """What the student is given of a clean tape: the same shape, in steps of 1/32768."""
        audio = clean.copy()
        if "voices" in self._groups and rng.random() < _VOICES_SHARE:
            audio += np.float32(amplitude(-rng.uniform(5, 20))) * self.clean(rng)
        if self._rooms is not None and rng.random() < _ROOM_SHARE:
            room = self._rooms[rng.integers(len(self._rooms))]
            audio = oaconvolve(audio, room)[: len(clean)].astype(np.float32)
        if "noise" in self._groups and rng.random() >= _QUIET_SHARE:
            audio = self.with_noise(rng, audio, float(rng.uniform(0, 25)))
        if "place" in self._groups:
            gain = amplitude(rng.uniform(-25, 12))
            audio *= np.float32(min(gain, 0.99 / max(float(np.abs(audio).max()), 1e-4)))
        floor = rng.choice([0.0, amplitude(rng.uniform(-90, -60))])
        audio += np.float32(floor) * rng.standard_normal(len(audio), dtype=np.float32)
        if "faults" in self._groups and rng.random() < _DAMAGE_SHARE:
            damage(rng, audio)
        # What a sound card delivers: whole steps of 1/32768, nothing beyond full scale.
        steps = np.clip(np.rint(audio * 32768), -32768, 32767).astype(np.float32)
        return steps / np.float32(32768)

    def with_noise(self, rng: Rng, audio: Audio, decibels: float) -> Audio:
        """`audio` with noise so far below the level of its speech."""
        loud = np.abs(audio) > 0.1 * np.abs(audio).max()
        # Samples above a tenth of the peak are louder than the speech around them.
        level = rms(audio[loud]) * 0.6 * amplitude(-decibels)
        return audio + np.float32(level) * self.library.bed(rng, len(audio))

    def _sound(self, rng: Rng) -> Audio:
        kinds, shares = list(_KINDS), list(_KINDS.values())
        sound = self.library.draw(rng, kinds[rng.choice(len(kinds), p=shares)])
        return sound.audio.copy()

    @staticmethod
    def _gap(rng: Rng, busy: float) -> int:
        if rng.random() < _LONG_GAPS:
            return int(RATE * rng.uniform(2, 8))
        return int(RATE * min(2.0, 0.05 + rng.exponential(busy)))
