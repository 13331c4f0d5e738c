"""Unbroken streams with known truth, built from any corpus: clips, running speech, noise."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kws.corpus.corpus import Corpus, Recording
from kws.corpus.matching import Placement
from kws.corpus.mixing import Audio, Rng, amplitude, coloured_noise, ramp, rms
from kws.corpus.word_bounds import word_bounds
from kws.samples import RATE

GAP_SECONDS = (0.3, 2.0)
"""Pause between two clips, drawn uniformly."""
SENTENCE_GAP_SECONDS = (0.3, 0.8)
ROOM_DBFS = -70.0
"""Level of the background that never stops: a quiet room."""
CLEAN = "clean"
"""Name of a stream of clips without noise."""
RAMP = 480
"""Samples (30 ms) over which a clip is faded in and out at its splices."""
_NOISE_CROSSFADE = 800
_HEADROOM = 4.0
"""Peaks of noise lie about so far above its RMS."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredStream:
    """One unbroken recording and what is said in it."""

    name: str
    samples: Audio
    """(N,) at 16 kHz in [-1, 1]."""
    placements: list[Placement]
    """In order of time."""

    @property
    def hours(self) -> float:
        """Length of the whole stream."""
        return len(self.samples) / RATE / 3600

    @property
    def recorded_hours(self) -> float:
        """Length of the recordings in it, the gaps between them left out."""
        total = sum(placed.clip_end - placed.clip_start for placed in self.placements)
        return total / RATE / 3600


def clip_stream(
    corpus: Corpus,
    clips: Sequence[Recording],
    noise: Sequence[Recording],
    snr: float | None,
    seed: int,
) -> MeasuredStream:
    """Every clip once, in random order, blended into a background that never stops.

    Clips keep their level.  Each is faded over `RAMP` at both ends and stands in the hiss of a
    quiet room, with a gap of `GAP_SECONDS` before and after.  The order and the gaps depend on
    `seed` alone: streams of different SNR differ only in their noise.

    Args:
        noise: recordings for the noise; without any, it is synthetic (pink).
        snr: level of the word (by energy) over that of the noise in dB; None for no noise.  The
            noise goes up and down with the clips, so that each stands at the same SNR.
    """
    rng = np.random.default_rng((seed, 1))
    order = [clips[index] for index in rng.permutation(len(clips))]
    sounds = [corpus.audio(clip) for clip in order]
    starts, length = _spread(rng, [len(sound) for sound in sounds], GAP_SECONDS)
    placements = []
    levels = np.zeros(len(order))
    for index, (clip, start) in enumerate(zip(order, starts, strict=True)):
        bounds = word_bounds(corpus.samples(clip))
        end = start + len(sounds[index])
        word = (start + bounds.start, start + bounds.end)
        placements.append(Placement(clip.word, clip.name, start, end, *word, bounds.cut_off))
        levels[index] = rms(sounds[index][bounds.start : bounds.end])
    samples = _room(rng, length)
    noise_rng = np.random.default_rng((seed, 2))
    if snr is not None:
        levels *= amplitude(-snr)
        for index, sound in enumerate(sounds):
            # A microphone would have been turned down before it clipped.
            peak = float(np.abs(sound).max(initial=0)) + _HEADROOM * levels[index]
            gain = 1 / max(1.0, peak)
            sound *= gain
            levels[index] *= gain
        samples += noise_track(corpus, noise, length, noise_rng) * _envelope(
            placements, levels, length
        )
    for placed, sound in zip(placements, sounds, strict=True):
        samples[placed.clip_start : placed.clip_end] += ramp(sound, RAMP)
    return MeasuredStream(CLEAN if snr is None else f"{snr:g} dB", samples, placements)


def speech_stream(
    corpus: Corpus, recordings: Sequence[Recording], name: str, seed: int
) -> MeasuredStream:
    """Sentences in random order in a quiet room, with short pauses between them."""
    rng = np.random.default_rng((seed, 3))
    return _sequence(corpus, recordings, name, rng, SENTENCE_GAP_SECONDS)


def noise_stream(
    corpus: Corpus, recordings: Sequence[Recording], name: str, seed: int
) -> MeasuredStream:
    """Recordings of noise at their own levels, end to end."""
    rng = np.random.default_rng((seed, 4))
    return _sequence(corpus, recordings, name, rng, (0.0, 0.0))


def noise_track(corpus: Corpus, noise: Sequence[Recording], length: int, rng: Rng) -> Audio:
    """Noise (length,): recordings of RMS 1 each, cross-faded, in random order, over and over."""
    audible = [clip for clip in noise if len(corpus.samples(clip)) > 4 * _NOISE_CROSSFADE]
    if not audible:
        return np.resize(coloured_noise(rng, 1 << 20, 1.0), length)
    track = np.zeros(length, np.float32)
    position = 0
    while position < length:
        for index in rng.permutation(len(audible)):
            sound = corpus.audio(audible[index])
            sound = ramp(sound / rms(sound), _NOISE_CROSSFADE)[: length - position]
            track[position : position + len(sound)] += sound
            position += len(sound) - _NOISE_CROSSFADE
            if position >= length - _NOISE_CROSSFADE:
                return track
    return track


def _sequence(
    corpus: Corpus,
    recordings: Sequence[Recording],
    name: str,
    rng: Rng,
    gaps: tuple[float, float],
) -> MeasuredStream:
    order = [recordings[index] for index in rng.permutation(len(recordings))]
    starts, length = _spread(rng, [len(corpus.samples(clip)) for clip in order], gaps)
    samples = _room(rng, length)
    placements = []
    for clip, start in zip(order, starts, strict=True):
        sound = ramp(corpus.audio(clip), RAMP)
        end = start + len(sound)
        samples[start:end] += sound
        placements.append(Placement("", clip.name, start, end, start, end))
    return MeasuredStream(name, samples, placements)


def _spread(rng: Rng, lengths: Sequence[int], gaps: tuple[float, float]) -> tuple[list[int], int]:
    """Where each sound starts, with a random gap before each, and the length with one behind."""
    pauses = (rng.uniform(*gaps, size=len(lengths) + 1) * RATE).astype(int)
    # A spotter needs a moment to settle after it was started.
    pauses[0] += RATE
    pauses[-1] += RATE
    starts = np.cumsum(pauses[:-1]) + np.concatenate(([0], np.cumsum(lengths)[:-1]))
    return [int(start) for start in starts], int(pauses.sum() + np.sum(lengths))


def _room(rng: Rng, length: int) -> Audio:
    # Noise whose length is a power of two comes from one whole FFT, so it can go round seamlessly.
    hiss = coloured_noise(rng, 1 << 20, 1.0) * np.float32(amplitude(ROOM_DBFS))
    return np.resize(hiss, length)


def _envelope(placements: Sequence[Placement], levels: np.ndarray, length: int) -> Audio:
    """Level of the noise (length,): constant under each clip, even in dB from one to the next."""
    positions = [edge for placed in placements for edge in (placed.clip_start, placed.clip_end)]
    heights = np.repeat(np.log(np.maximum(levels, 1e-6)), 2)
    levels_between = np.interp(np.arange(length), positions, heights)
    envelope: Audio = np.exp(levels_between).astype(np.float32)
    return envelope
