"""Days of household sound with keywords sprinkled in, made while they are heard."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kws.corpus.corpus import Recording
from kws.corpus.matching import Placement
from kws.corpus.mixing import Audio, Rng, amplitude, coloured_noise, ramp
from kws.corpus.word_bounds import word_bounds
from kws.evaluation.materials import WITHOUT_KEYWORDS, Material
from kws.evaluation.streams import RAMP, ROOM_DBFS, noise_track
from kws.samples import RATE

SCENE_SECONDS = (20.0, 120.0)
PAUSE_SECONDS = (0.3, 3.0)
"""Before and after whatever is said."""
SPACING = (0.5, 1.5)
"""From one keyword to the next, as a share of the mean."""
TALK_DB, KEYWORD_DB = (-18.0, 6.0), (-6.0, 6.0)
"""Gains: of all sentences of a scene, and of each keyword."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """What goes on in a scene."""

    name: str
    share: float
    """Of all scenes."""
    talk: bool
    noise_dbfs: tuple[float, float] | None
    """Level of the noise that runs through, if any."""


KINDS = (
    Kind("talk", 0.3, talk=True, noise_dbfs=None),
    Kind("talk in noise", 0.2, talk=True, noise_dbfs=(-65.0, -45.0)),
    Kind("noise", 0.25, talk=False, noise_dbfs=(-60.0, -30.0)),
    Kind("near silence", 0.25, talk=False, noise_dbfs=None),
)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One stretch of the day; positions are sample indices of the whole day."""

    kind: str
    start: int
    samples: Audio
    """(N,) at 16 kHz, about [-1, 1]."""
    placements: list[Placement]
    """Sentences and keywords, in order of time."""


class Days:
    """An endless string of scenes: talk, noise and near silence, at changing levels.

    A keyword comes every `spacing` seconds on average, every word equally often, whatever the
    scene, but never over another voice.  Recordings come back in a new order once all have been
    heard.  Everything depends on `seed` alone, and only one scene is held at a time.
    """

    def __init__(self, material: Material, words: Sequence[str], spacing: float, seed: int) -> None:
        self._corpus = material.corpus
        self._noise = material.noise
        self._spacing = spacing
        self._rng = np.random.default_rng(seed)
        self._due = self._next_due(0)
        self._hiss = coloured_noise(self._rng, 1 << 20, 1.0) * np.float32(amplitude(ROOM_DBFS))
        self._sentences = _endless(self._rng, material.quiet[WITHOUT_KEYWORDS])
        said = {word: [clip for clip in material.clips if clip.word == word] for word in words}
        self._words = _endless(self._rng, [word for word in words if said[word]])
        self._clips = {word: _endless(self._rng, said[word]) for word in words}

    def scenes(self, hours: float) -> Iterator[Scene]:
        """The scenes that begin within so many hours."""
        start = 0
        while start < hours * 3600 * RATE:
            scene = self._scene(start)
            start += len(scene.samples)
            yield scene

    def _scene(self, start: int) -> Scene:
        kind = KINDS[self._rng.choice(len(KINDS), p=[kind.share for kind in KINDS])]
        wished = start + int(self._rng.uniform(*SCENE_SECONDS) * RATE)
        said, end = self._plan(kind.talk, start, wished)
        samples = np.resize(np.roll(self._hiss, self._rng.integers(1 << 20)), end - start)
        if kind.noise_dbfs:
            level = np.float32(amplitude(self._rng.uniform(*kind.noise_dbfs)))
            noise = noise_track(self._corpus, self._noise, len(samples), self._rng)
            samples += ramp(noise * level, RAMP)
        talk = amplitude(self._rng.uniform(*TALK_DB))
        placements = []
        for recording, position in said:
            gain = amplitude(self._rng.uniform(*KEYWORD_DB)) if recording.word else talk
            sound = self._corpus.audio(recording)
            gain = min(gain, 1 / float(np.abs(sound).max(initial=1e-6)))
            samples[position - start :][: len(sound)] += ramp(sound * np.float32(gain), RAMP)
            placements.append(self._place(recording, position))
        return Scene(kind.name, start, samples, placements)

    def _plan(self, talk: bool, start: int, wished: int) -> tuple[list[tuple[Recording, int]], int]:
        """What is said and where, and where the scene ends: at `wished`, or after the last word."""
        said = []
        position = start + self._pause()
        while position < wished:
            if position >= self._due:
                recording = next(self._clips[next(self._words)])
                self._due = self._next_due(position)
            elif talk:
                recording = next(self._sentences)
            else:
                position = min(self._due, wished)
                continue
            said.append((recording, position))
            position += len(self._corpus.samples(recording)) + self._pause()
        return said, max(position, wished)

    def _place(self, recording: Recording, start: int) -> Placement:
        samples = self._corpus.samples(recording)
        end = start + len(samples)
        if not recording.word:
            return Placement("", recording.name, start, end, start, end)
        bounds = word_bounds(samples)
        return Placement(
            recording.word, recording.name, start, end, start + bounds.start, start + bounds.end
        )

    def _pause(self) -> int:
        return int(self._rng.uniform(*PAUSE_SECONDS) * RATE)

    def _next_due(self, position: int) -> int:
        return position + int(self._rng.uniform(*SPACING) * self._spacing * RATE)


def _endless(rng: Rng, items: Sequence[T]) -> Iterator[T]:
    """All `items` in random order, then all in another."""
    while items:
        yield from (items[index] for index in rng.permutation(len(items)))
