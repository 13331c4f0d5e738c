"""Streams of the validation part, by which checkpoints and thresholds are chosen.

Three streams: clips in near silence, the same clips in noise of 10 dB, and speech and noise without
keywords.  Posteriors come from torch in batches; what counts as heard is decided by the shipped
`Detector`, row by row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.detect.detector import Detector
from kws.model.spec import DecisionSettings, KeywordSettings
from kws.training.augmentation import Audio, decibels, ramp, rms
from kws.training.corpus import Corpus
from kws.training.logmel import LogMel
from kws.training.sounds import SoundLibrary
from kws.training.targets import LabelSet

LANES = 32
LATEST_HIT = 12000
"""A word may be detected from the start of its clip to 0.75 s after the clip's end."""
THRESHOLDS = tuple(float(1 / (1 + np.exp(-x))) for x in np.arange(-1.5, 4.51, 0.5))
SMOOTHING = 5
RATES = (1.0, 2.0, 5.0, 10.0)
_NOISE_DB = 10.0
_WORD_LEVEL = 0.08
"""In noise all words are equally loud (RMS), so that each has the same distance to it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A clip on a stream, in samples."""

    word: str
    start: int
    end: int
    word_end: int


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Lanes of equal length and what is said on them."""

    name: str
    log_mel: npt.NDArray[np.float16]
    """(lanes, T, mels)"""
    events: list[list[Event]]
    hours: float


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold gives on one stream."""

    threshold: float
    misses: int
    words: int
    false_alarms: int
    delays: tuple[tuple[str, int], ...]
    """Each word that was heard, and the samples from its end to the decision."""


def validation_streams(
    corpus: Corpus, labels: LabelSet, log_mel: LogMel, seed: int
) -> list[Stream]:
    """The three streams; without any recordings of negatives the third is left out."""
    rng = np.random.default_rng((seed, 1_000_000))
    library = SoundLibrary(corpus, labels.keywords, "validation", place=False)
    lanes = _clip_lanes(rng, corpus, library)
    streams = [_stream("clips", [_hush(rng, audio) for audio, _ in lanes], log_mel, lanes)]
    loud = _clip_lanes(rng, corpus, library, _WORD_LEVEL)
    level = np.float32(_WORD_LEVEL * decibels(-_NOISE_DB))
    noisy = [audio + level * library.bed(rng, len(audio)) for audio, _ in loud]
    streams.append(_stream("noise", noisy, log_mel, loud))
    negatives = corpus.select("speech", "validation") + corpus.select("noise", "validation")
    if negatives:
        pieces = [ramp(corpus.audio(recording), 480) for recording in negatives]
        order = rng.permutation(len(pieces))
        quiet = [_hush(rng, a) for a in _deal([pieces[i] for i in order], gap=4800)]
        streams.append(_stream("negatives", quiet, log_mel, [(a, []) for a in quiet]))
    return streams


def sweep(
    posteriors: npt.NDArray[np.float32],
    stream: Stream,
    keywords: Sequence[str],
    row_position: "RowClock",
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Point]:
    """What each threshold gives; `posteriors` is (lanes, R, keywords)."""
    scores = smooth(posteriors)
    return [_score(scores, stream, keywords, row_position, threshold) for threshold in thresholds]


@dataclass(frozen=True, slots=True)
class RowClock:
    """Which sample is the last that a row has heard."""

    first: int
    step: int

    def __call__(self, row: int) -> int:
        return self.first + row * self.step


def frr_at(points: Sequence[Point], alarms: Sequence[Point], hours: float, rate: float) -> float:
    """Miss rate of `points` at the lowest threshold that keeps to `rate` false alarms an hour.

    Where no threshold does, the miss rate is 1: such a network is of no use at that rate.
    """
    chosen = chosen_point(alarms, rate * hours)
    return 1.0 if chosen is None else points[chosen].misses / max(1, points[chosen].words)


def chosen_point(alarms: Sequence[Point], most: float) -> int | None:
    """The lowest threshold from which on there are at most `most` false alarms."""
    chosen = None
    for index in reversed(range(len(alarms))):
        if alarms[index].false_alarms > most:
            break
        chosen = index
    return chosen


def settings_at(
    threshold: float, keywords: Sequence[str], release: float = 0.5
) -> list[KeywordSettings]:
    """Settings of all keywords at one threshold; they re-arm below `release` times that."""
    return [
        KeywordSettings(
            word=word, threshold=threshold, release=release * threshold, smoothing=SMOOTHING
        )
        for word in keywords
    ]


def detect(
    scores: npt.NDArray[np.float32], settings: Sequence[KeywordSettings], clock: RowClock
) -> list[tuple[int, int]]:
    """(keyword, position) of every detection on one lane, by the shipped detector.

    Args:
        scores: (R, keywords) posteriors that are smoothed already
        settings: of keywords with a smoothing of 1
    """
    positions = [clock(row) for row in range(len(scores))]
    fired = Detector(settings, DecisionSettings()).feed(scores, positions).fired
    return [(word, positions[row]) for row, word in fired]


def smooth(posteriors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(..., R, K) mean of each row and the ``SMOOTHING - 1`` before it, zeros before the start."""
    padding = [(0, 0)] * (posteriors.ndim - 2) + [(SMOOTHING - 1, 0), (0, 0)]
    padded = np.pad(posteriors, padding)
    return np.lib.stride_tricks.sliding_window_view(padded, SMOOTHING, axis=-2).mean(-1)


def _score(
    scores: npt.NDArray[np.float32],
    stream: Stream,
    keywords: Sequence[str],
    clock: RowClock,
    threshold: float,
) -> Point:
    settings = [
        msgspec.structs.replace(keyword, smoothing=1)
        for keyword in settings_at(threshold, keywords)
    ]
    misses = words = false_alarms = 0
    delays: list[tuple[str, int]] = []
    for lane, events in enumerate(stream.events):
        detections = detect(scores[lane], settings, clock)
        left = list(detections)
        for event in events:
            if event.word not in keywords:
                continue
            words += 1
            hits = [
                (index, position)
                for index, position in left
                if keywords[index] == event.word
                and event.start <= position <= event.end + LATEST_HIT
            ]
            if hits:
                left.remove(hits[0])
                delays.append((event.word, hits[0][1] - event.word_end))
            else:
                misses += 1
        false_alarms += len(left)
    return Point(threshold, misses, words, false_alarms, tuple(delays))


def _clip_lanes(
    rng: np.random.Generator, corpus: Corpus, library: SoundLibrary, level: float | None = None
) -> list[tuple[Audio, list[Event]]]:
    clips = corpus.select("word", "validation")
    lanes: list[tuple[list[Audio], list[Event], int]] = [([], [], 0) for _ in range(LANES)]
    for number, index in enumerate(rng.permutation(len(clips))):
        sound = library.clip(rng, clips[index], "keyword")
        pieces, events, position = lanes[number % LANES]
        gap = np.zeros(int(rng.integers(4800, 20800)), np.float32)
        start = position + len(gap)
        end = start + len(sound.audio)
        if level is not None:
            sound.audio *= np.float32(level / max(rms(sound.audio[sound.start : sound.end]), 1e-3))
        pieces += [gap, ramp(sound.audio, 480)]
        events.append(Event(sound.word, start, end, start + sound.end))
        lanes[number % LANES] = (pieces, events, end)
    return [
        (np.concatenate([*pieces, np.zeros(16000, np.float32)]), events)
        for pieces, events, _ in lanes
    ]


def _deal(pieces: Sequence[Audio], gap: int) -> list[Audio]:
    """Pieces laid out on lanes, each on the shortest so far."""
    lanes: list[list[Audio]] = [[] for _ in range(LANES)]
    lengths = [0] * LANES
    for piece in pieces:
        shortest = int(np.argmin(lengths))
        lanes[shortest] += [np.zeros(gap, np.float32), piece]
        lengths[shortest] += gap + len(piece)
    return [np.concatenate([*lane, np.zeros(16000, np.float32)]) for lane in lanes]


def _hush(rng: np.random.Generator, audio: Audio) -> Audio:
    return audio + np.float32(decibels(-70)) * rng.standard_normal(len(audio), dtype=np.float32)


def _stream(
    name: str, audio: Sequence[Audio], log_mel: LogMel, lanes: Sequence[tuple[Audio, list[Event]]]
) -> Stream:
    longest = max(len(lane) for lane in audio)
    padded = [np.pad(lane, (0, longest - len(lane))) for lane in audio]
    return Stream(
        name,
        np.stack([log_mel(lane).astype(np.float16) for lane in padded]),
        [events for _, events in lanes],
        sum(len(lane) for lane in audio) / 16000 / 3600,
    )
