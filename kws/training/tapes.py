"""Tapes: stretches of mixed audio as a microphone hears it, with a target for every row.

The lanes of a batch walk from tape to tape with their state carried on, so that the network lives
through what a daemon lives through: minutes of background, speech that is not for it, words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import oaconvolve

from kws.corpus.mixing import Audio, Rng, amplitude, ramp, rms
from kws.samples import RATE
from kws.spotting.feature_spec import FeatureSpec
from kws.training.augmentation import damage, texture
from kws.training.logmel import LogMel
from kws.training.sounds import Sound, SoundKind, SoundLibrary
from kws.training.targets import LabelSet, TargetTape
from kws.training.teacher import Teacher

# What happens on a tape, as shares of its sounds.
_MIXED: dict[SoundKind, float] = {
    "keyword": 0.55, "other": 0.2, "near_miss": 0.08, "speech": 0.04, "piece": 0.13,
}  # fmt: skip
_TALK: dict[SoundKind, float] = {"speech": 0.75, "piece": 0.2, "other": 0.05}
_SCENES = (("mixed", 0.65), ("talk", 0.3), ("noise", 0.05))
_CLEAN_SHARE = 0.3
_ROOM_SHARE = 0.4
_DAMAGE_SHARE = 0.15

MOST_WORDS = 96
"""More words than a tape can hold."""


@dataclass(slots=True, eq=False)
class Tape:
    """Features and targets of one tape."""

    log_mel: npt.NDArray[np.float16]
    """(T, mels)"""
    codes: npt.NDArray[np.int16]
    """(T / block,) see `targets.py`"""
    windows: npt.NDArray[np.int16]
    """(T / block,) number of the word whose window a row lies in, 0 for none"""
    taught: npt.NDArray[np.float16]
    """(MOST_WORDS, keywords + 1) what the teacher says of each word; row 0 is of no word.

    A row that adds up to 0 means that there is no teacher.
    """


class TapeMaker:
    """Mixes tapes of `frames` frames, each from a random generator of its own."""

    def __init__(
        self,
        library: SoundLibrary,
        labels: LabelSet,
        log_mel: LogMel,
        block: int,
        frames: int,
        groups: Sequence[str],
        rooms: npt.NDArray[np.float32] | None,
        teacher: Teacher | None = None,
    ) -> None:
        self._library = library
        self._labels = labels
        self._log_mel = log_mel
        self._spec: FeatureSpec = log_mel.spec
        self._block = block
        self._frames = frames
        self._groups = frozenset(groups)
        self._teacher = teacher
        self._mixed = dict(_MIXED)
        if "near_misses" not in self._groups:
            # What they leave goes to other words, so that keywords stay as frequent.
            self._mixed["other"] += self._mixed.pop("near_miss")
        self._rooms = rooms if "noise" in self._groups else None
        self.samples = self._spec.span(frames)

    def make(self, rng: Rng) -> Tape:
        """One tape; the same `rng` gives the same tape."""
        audio, targets = self.mix(rng)
        taught = np.zeros((MOST_WORDS, len(self._labels.keywords) + 1), np.float16)
        if self._teacher is not None:
            taught[1 : len(targets.centres) + 1] = self._teacher(audio, targets.centres)
        return Tape(self._log_mel(audio).astype(np.float16), targets.codes, targets.windows, taught)

    def mix(self, rng: Rng) -> tuple[Audio, TargetTape]:
        """The audio of one tape (N,) in [-1, 1], and its targets."""
        targets = TargetTape(self._labels, self._frames // self._block, self._spec, self._block)
        scene = str(rng.choice([name for name, _ in _SCENES], p=[share for _, share in _SCENES]))
        audio = np.zeros(self.samples, np.float32)
        if scene != "noise":
            self._fill(rng, audio, targets, self._mixed if scene == "mixed" else _TALK)
        if self._rooms is not None and rng.random() < _ROOM_SHARE:
            room = self._rooms[rng.integers(len(self._rooms))]
            audio = oaconvolve(audio, room)[: self.samples].astype(np.float32)
        if "noise" in self._groups:
            self._add_noise(rng, audio, targets, scene)
        if "faults" in self._groups and rng.random() < _DAMAGE_SHARE:
            damage(rng, audio)
        # What a sound card delivers: whole steps of 1/32768, nothing beyond full scale.
        steps = np.clip(np.rint(audio * 32768), -32768, 32767).astype(np.float32)
        return steps / np.float32(32768), targets

    def _fill(
        self, rng: Rng, audio: Audio, targets: TargetTape, shares: dict[SoundKind, float]
    ) -> None:
        """Put sounds on the empty tape until it is full."""
        kinds, weights = list(shares), list(shares.values())
        voice = rng.uniform(-40, -10)
        busy = rng.uniform(0.1, 0.9)
        position = int(rng.integers(0, RATE))
        while True:
            sound = self._library.draw(rng, kinds[rng.choice(len(kinds), p=weights)])
            spoken = sound.audio[sound.start : sound.end]
            if len(spoken) < 800 or rms(spoken) < 1e-4:
                continue
            if "place" in self._groups:
                level = amplitude(np.clip(voice + rng.normal(0, 4), -45, -6))
                gain = min(level / rms(spoken), 1.0 / max(float(np.abs(sound.audio).max()), 1e-4))
            else:
                gain = 1.0
            gap = int(RATE * min(2.0, 0.1 + rng.exponential(busy)))
            if position + len(sound.audio) + gap >= len(audio):
                return
            self._place(rng, audio, targets, sound, np.float32(gain), position, gap)
            position += len(sound.audio) + gap

    def _place(
        self, rng: Rng, audio: Audio, targets: TargetTape, sound: Sound, gain: np.float32,
        position: int, gap: int,
    ) -> None:  # fmt: skip
        """Put one sound at `position` and, in half the cases, its own background into the gap."""
        fade = int(rng.integers(320, 800))
        after = position + len(sound.audio)
        piece = sound.audio * gain
        background = texture(rng, sound.background, gap + 2 * fade) if rng.random() < 0.5 else None
        if background is None:
            audio[position:after] += ramp(piece, fade)
        else:
            # Only the start is faded in; the end goes over into more of the same background.
            slope = np.linspace(0, 1, fade, dtype=np.float32)
            piece[:fade] *= slope
            piece[-fade:] *= slope[::-1]
            audio[position:after] += piece
            stretch = ramp(background * gain, fade)[: len(audio) - after + fade]
            audio[after - fade : after - fade + len(stretch)] += stretch
        if sound.word and sound.kind in ("keyword", "other"):
            targets.word(sound.word, position + sound.start, position + sound.end)
        else:
            targets.free(position, after + 3200)

    def _add_noise(self, rng: Rng, audio: Audio, targets: TargetTape, scene: str) -> None:
        """A bed of noise at -3 to 22 dB under the speech, or next to nothing."""
        if scene != "noise" and rng.random() < _CLEAN_SHARE:
            floor = rng.choice([0.0, amplitude(rng.uniform(-90, -60))])
            audio += np.float32(floor) * rng.standard_normal(len(audio), dtype=np.float32)
            return
        bed = self._library.bed(rng, len(audio))
        if scene == "noise":
            level = amplitude(rng.uniform(-60, -12))
            targets.free(0, len(audio))
        else:
            loud = np.abs(audio) > 0.1 * np.abs(audio).max()
            level = rms(audio[loud]) * 0.6 * amplitude(-rng.uniform(-3, 22))
        audio += bed * np.float32(level)
