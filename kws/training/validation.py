"""Streams of the validation part, by which checkpoints and thresholds are chosen.

Three streams: clips in near silence, the same clips in noise of 10 dB, and speech and noise without
keywords.  Posteriors come from torch in batches; what counts as heard is decided by the shipped
`Detector`, and what of it is right by the rules of `kws eval`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import Corpus
from kws.corpus.matching import Placement, match
from kws.corpus.mixing import Audio, amplitude, ramp, rms
from kws.samples import RATE
from kws.spotting.model_spec import DecisionSettings, KeywordSettings
from kws.spotting.redecision import decide_again, smooth
from kws.spotting.row_clock import RowClock
from kws.training.logmel import LogMel
from kws.training.sounds import SoundLibrary
from kws.training.targets import LabelSet

LANES = 32
THRESHOLDS = tuple(float(1 / (1 + np.exp(-x))) for x in np.arange(-1.5, 4.51, 0.5))
SMOOTHING = 5
RATES = (1.0, 2.0, 5.0, 10.0)
_NOISE_DB = 10.0
_WORD_LEVEL = 0.08
"""In noise all words are equally loud (RMS), so that each has the same distance to it."""


@dataclass(frozen=True, slots=True, eq=False)
class ValidationStream:
    """Lanes of equal length and what is said on them."""

    name: str
    log_mel: npt.NDArray[np.float16]
    """(lanes, T, mels)"""
    events: list[list[Placement]]
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
) -> list[ValidationStream]:
    """The three streams; without any recordings of negatives the third is left out."""
    rng = np.random.default_rng((seed, 1_000_000))
    library = SoundLibrary(corpus, labels.keywords, "validation", place=False)
    lanes = _clip_lanes(rng, corpus, library)
    streams = [_stream("clips", [_hush(rng, audio) for audio, _ in lanes], log_mel, lanes)]
    loud = _clip_lanes(rng, corpus, library, _WORD_LEVEL)
    level = np.float32(_WORD_LEVEL * amplitude(-_NOISE_DB))
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
    stream: ValidationStream,
    keywords: Sequence[str],
    clock: RowClock,
    thresholds: Sequence[float] = THRESHOLDS,
) -> list[Point]:
    """What each threshold gives; `posteriors` is (lanes, R, keywords)."""
    scores = [smooth(lane, SMOOTHING) for lane in posteriors]
    return [_score(scores, stream, keywords, clock, threshold) for threshold in thresholds]


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


def _score(
    scores: Sequence[npt.NDArray[np.floating]],
    stream: ValidationStream,
    keywords: Sequence[str],
    clock: RowClock,
    threshold: float,
) -> Point:
    settings = settings_at(threshold, keywords)
    misses = words = false_alarms = 0
    delays: list[tuple[str, int]] = []
    for lane, events in zip(scores, stream.events, strict=True):
        positions = clock.first + clock.step * np.arange(len(lane))
        trials = decide_again(positions, lane, settings, DecisionSettings())
        matching = match(trials, events, keywords)
        misses += len(matching.misses)
        words += len(matching.misses) + len(matching.hits)
        false_alarms += len(matching.alarms)
        delays += [(hit.placement.word, hit.latency) for hit in matching.hits]
    return Point(threshold, misses, words, false_alarms, tuple(delays))


def _clip_lanes(
    rng: np.random.Generator, corpus: Corpus, library: SoundLibrary, level: float | None = None
) -> list[tuple[Audio, list[Placement]]]:
    clips = corpus.select("word", "validation")
    lanes: list[tuple[list[Audio], list[Placement], int]] = [([], [], 0) for _ in range(LANES)]
    for number, index in enumerate(rng.permutation(len(clips))):
        sound = library.clip(rng, clips[index], "keyword")
        pieces, events, position = lanes[number % LANES]
        gap = np.zeros(int(rng.integers(4800, 20800)), np.float32)
        start = position + len(gap)
        end = start + len(sound.audio)
        if level is not None:
            sound.audio *= np.float32(level / max(rms(sound.audio[sound.start : sound.end]), 1e-3))
        pieces += [gap, ramp(sound.audio, 480)]
        events.append(
            Placement(
                sound.word, clips[index].name, start, end, start + sound.start, start + sound.end
            )
        )
        lanes[number % LANES] = (pieces, events, end)
    return [
        (np.concatenate([*pieces, np.zeros(RATE, np.float32)]), events)
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
    return [np.concatenate([*lane, np.zeros(RATE, np.float32)]) for lane in lanes]


def _hush(rng: np.random.Generator, audio: Audio) -> Audio:
    return audio + np.float32(amplitude(-70)) * rng.standard_normal(len(audio), dtype=np.float32)


def _stream(
    name: str,
    audio: Sequence[Audio],
    log_mel: LogMel,
    lanes: Sequence[tuple[Audio, list[Placement]]],
) -> ValidationStream:
    longest = max(len(lane) for lane in audio)
    padded = [np.pad(lane, (0, longest - len(lane))) for lane in audio]
    return ValidationStream(
        name,
        np.stack([log_mel(lane).astype(np.float16) for lane in padded]),
        [events for _, events in lanes],
        sum(len(lane) for lane in audio) / RATE / 3600,
    )
