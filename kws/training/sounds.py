"""What tapes are made of: words, pieces of running speech, near-misses and beds of noise."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import Corpus, Recording
from kws.corpus.mixing import Audio, Rng, coloured_noise, ramp, rms
from kws.corpus.parts import Part
from kws.corpus.word_bounds import WordSpan, speech_dips, word_bounds
from kws.samples import RATE
from kws.training.augmentation import change_speed

SoundKind = Literal["keyword", "other", "near_miss", "speech", "piece"]

_MARGIN = 800
"""Samples around a word that do not count as its background."""
_LONGEST_SPEECH = 8 * RATE
_TRUNCATE = (0.35, 0.55)


@dataclass(slots=True)
class Sound:
    """Something audible, ready to be placed on a tape."""

    audio: Audio
    kind: SoundKind
    word: str
    """The word that is said, empty for anything that is none."""
    start: int
    end: int
    """The word (or all of the speech) within `audio`."""
    background: list[Audio]
    """Stretches of the recording's own background, for the gaps beside it."""


@dataclass(frozen=True, slots=True)
class Mined:
    """A stretch of a training negative that the network took for a keyword."""

    recording: int
    """Index into `Corpus.recordings`."""
    start: int
    end: int


class SoundLibrary:
    """Draws sounds at random from one part of a corpus.

    Words are drawn by the square root of their number of clips: rare words are heard more often
    than they were recorded, without the few clips they have being worn out.
    """

    def __init__(
        self,
        corpus: Corpus,
        keywords: tuple[str, ...],
        part: Part = "training",
        mined: tuple[Mined, ...] = (),
        place: bool = True,
    ) -> None:
        self._corpus = corpus
        self._place = place
        self._mined = mined
        self._clips: dict[str, list[Recording]] = {}
        for recording in corpus.select("word", part):
            self._clips.setdefault(recording.word, []).append(recording)
        self._keywords = _Choice({w: 1 for w in self._clips if w in keywords})
        self._others = _Choice({w: len(c) for w, c in self._clips.items() if w not in keywords})
        self._speech = corpus.select("speech", part)
        self._noise = corpus.select("noise", part)
        self._speech_shares = _shares(corpus, self._speech)
        self._noise_shares = _shares(corpus, self._noise)
        self._bounds: dict[tuple[int, int], WordSpan] = {}
        self._dips: dict[tuple[int, int], npt.NDArray[np.int64]] = {}

    def draw(self, rng: Rng, kind: SoundKind) -> Sound:
        """A sound of a kind, or of the next best kind where the corpus has none of it."""
        if kind in ("speech", "piece") and not self._speech:
            kind = "other"
        if kind == "other" and not self._others.words:
            kind = "near_miss"
        if kind == "keyword":
            return self.clip(rng, self._any_clip(rng, self._keywords), "keyword")
        if kind == "other":
            return self.clip(rng, self._any_clip(rng, self._others), "other")
        if kind == "near_miss":
            return self._near_miss(rng)
        return self._talk(rng, kind)

    def clip(self, rng: Rng, recording: Recording, kind: SoundKind) -> Sound:
        """A clip of a word with its bounds, at a speed of its own."""
        bounds = self._word_bounds(recording)
        audio = self._corpus.audio(recording)
        factor = self._speed(rng)
        if factor != 1.0:
            audio = change_speed(audio, factor)
        start, end = round(bounds.start / factor), min(len(audio), round(bounds.end / factor))
        background = [audio[: max(0, start - _MARGIN)], audio[end + _MARGIN :]]
        background = [piece.copy() for piece in background if len(piece) >= 480]
        return Sound(audio, kind, recording.word, start, end, background)

    def bed(self, rng: Rng, length: int) -> Audio:
        """Noise (length,) of RMS 1: recordings end to end, or synthetic in one draw of four."""
        if not self._noise or rng.random() < 0.25:
            return coloured_noise(rng, length, rng.uniform(0, 2))
        bed = np.zeros(length, np.float32)
        position = 0
        while position < length:
            recording = self._noise[rng.choice(len(self._noise), p=self._noise_shares)]
            samples = self._corpus.samples(recording)
            start = int(rng.integers(max(1, len(samples) - RATE)))
            audio = samples[start : start + 20 * RATE].astype(np.float32) / np.float32(32768)
            audio = ramp(audio / max(rms(audio), 1e-4), 800)
            bed[position : position + len(audio)] += audio[: length - position]
            position += max(800, len(audio) - 800)
        return bed / rms(bed)

    def _any_clip(self, rng: Rng, choice: "_Choice") -> Recording:
        clips = self._clips[choice.draw(rng)]
        return clips[rng.integers(len(clips))]

    def _near_miss(self, rng: Rng) -> Sound:
        """A keyword broken off, its end alone, or halves of two keywords in one breath."""
        first = self.clip(rng, self._any_clip(rng, self._keywords), "near_miss")
        middle = first.start + round((first.end - first.start) * rng.uniform(*_TRUNCATE))
        form = rng.integers(3)
        if form == 0:
            audio = first.audio[:middle]
        elif form == 1:
            audio = first.audio[middle:]
        else:
            second = self.clip(rng, self._any_clip(rng, self._keywords), "near_miss")
            if second.word == first.word:
                return Sound(second.audio, "keyword", second.word, second.start, second.end, [])
            cut = second.start + round((second.end - second.start) * rng.uniform(0.5, 0.65))
            head, tail = (
                ramp(first.audio[:middle].copy(), 320),
                ramp(second.audio[cut:].copy(), 320),
            )
            tail *= rms(head) / rms(tail)
            audio = np.concatenate((head, tail))
        return Sound(audio.copy(), "near_miss", "", 0, len(audio), first.background)

    def _talk(self, rng: Rng, kind: SoundKind) -> Sound:
        """Running speech, or a piece of it cut at two dips that is as long as a word."""
        if self._mined and rng.random() < 0.5:
            mined = self._mined[rng.integers(len(self._mined))]
            recording = self._corpus.recordings[mined.recording]
            around = rng.integers(1600, 24000, 2) if kind == "speech" else (1600, 1600)
            first, last = mined.start - int(around[0]), mined.end + int(around[1])
        else:
            recording = self._speech[rng.choice(len(self._speech), p=self._speech_shares)]
            first, last = self._cut(rng, recording, kind)
        audio = self._corpus.audio(recording)[max(0, first) : max(0, last)]
        factor = self._speed(rng)
        if factor != 1.0 and len(audio) > 480:
            audio = change_speed(audio, factor)
        return Sound(audio, kind, "", 0, len(audio), [])

    def _cut(self, rng: Rng, recording: Recording, kind: SoundKind) -> tuple[int, int]:
        length = len(self._corpus.samples(recording))
        if kind == "speech":
            wanted = int(rng.integers(RATE, _LONGEST_SPEECH))
            start = int(rng.integers(max(1, length - wanted + 1)))
            return start, start + wanted
        dips = self._speech_dips(recording)
        start = dips[rng.integers(len(dips))]
        ends = dips[(dips > start + 3200) & (dips < start + 14400)]
        if not len(ends):
            return int(start), int(start) + 9600
        return int(start), int(ends[rng.integers(len(ends))])

    def _speed(self, rng: Rng) -> float:
        if not self._place or rng.random() < 0.25:
            return 1.0
        return round(float(rng.uniform(0.85, 1.15)), 2)

    def _word_bounds(self, recording: Recording) -> WordSpan:
        key = (recording.source, recording.index)
        if key not in self._bounds:
            self._bounds[key] = word_bounds(self._corpus.samples(recording))
        return self._bounds[key]

    def _speech_dips(self, recording: Recording) -> npt.NDArray[np.int64]:
        key = (recording.source, recording.index)
        if key not in self._dips:
            self._dips[key] = speech_dips(self._corpus.samples(recording))
        return self._dips[key]


class _Choice:
    """Words with a probability in proportion to the square root of their number of clips."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.words = sorted(counts)
        roots = np.sqrt([counts[word] for word in self.words])
        self._shares = roots / roots.sum() if len(roots) else roots

    def draw(self, rng: Rng) -> str:
        return self.words[rng.choice(len(self.words), p=self._shares)]


def _shares(corpus: Corpus, recordings: list[Recording]) -> npt.NDArray[np.float64]:
    """Probability of each recording: by length within a folder, by its root between folders."""
    lengths = np.array([len(corpus.samples(r)) for r in recordings], float)
    folders = np.array([r.source for r in recordings])
    shares = lengths.copy()
    for folder in np.unique(folders):
        inside = folders == folder
        # Many voices are worth more than one voice for long.
        speakers = len({r.speaker for r in recordings if r.source == folder})
        weight = np.sqrt(lengths[inside].sum()) * min(4.0, 1 + np.log10(speakers))
        shares[inside] *= weight / max(lengths[inside].sum(), 1)
    return shares / shares.sum() if len(shares) else shares
