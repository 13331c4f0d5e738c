"""Streams: the truth is where it says, nothing depends on chance but on the seed."""

import numpy as np
import pytest

from kws.corpus.corpus import Corpus
from kws.corpus.mixing import rms
from kws.evaluation.streams import (
    ROOM_DBFS,
    clip_stream,
    noise_stream,
    noise_track,
    speech_stream,
)

RATE = 16000
WORD = slice(4000, 10000)
"""Where the word is in every clip of the corpus."""


def test_every_clip_is_there_once_and_its_word_is_where_the_truth_says(corpus: Corpus) -> None:
    clips = corpus.select("word", "testing")
    stream = clip_stream(corpus, clips, [], None, seed=1)
    assert sorted(placed.name for placed in stream.placements) == sorted(c.name for c in clips)
    by_name = {clip.name: clip for clip in clips}
    for placed in stream.placements:
        heard = stream.samples[placed.clip_start : placed.clip_end]
        assert np.abs(heard[480:-480] - corpus.audio(by_name[placed.name])[480:-480]).max() < 0.01
        assert abs(placed.word_start - placed.clip_start - WORD.start) < 400
        assert abs(placed.word_end - placed.clip_start - WORD.stop) < 400


def test_gaps_hold_the_room_and_last_as_long_as_they_should(corpus: Corpus) -> None:
    stream = clip_stream(corpus, corpus.select("word", "testing"), [], None, seed=1)
    for left, right in zip(stream.placements, stream.placements[1:], strict=False):
        gap = stream.samples[left.clip_end : right.clip_start]
        assert 0.3 * RATE - 1 <= len(gap) <= 2 * RATE
        assert 20 * np.log10(rms(gap)) == pytest.approx(ROOM_DBFS, abs=3)


def test_the_seed_decides(corpus: Corpus) -> None:
    clips, noise = corpus.select("word", "testing"), corpus.select("noise", "testing")
    one, same, other = (clip_stream(corpus, clips, noise, 10, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.samples, same.samples)
    assert one.placements == same.placements
    assert [p.name for p in one.placements] != [p.name for p in other.placements]


@pytest.mark.parametrize("snr", [20.0, 5.0])
@pytest.mark.parametrize("recorded", [True, False])
def test_every_clip_stands_at_the_ratio(corpus: Corpus, snr: float, recorded: bool) -> None:
    clips = corpus.select("word", "testing")
    noise = corpus.select("noise", "testing") if recorded else []
    clean = clip_stream(corpus, clips, noise, None, seed=3)
    noisy = clip_stream(corpus, clips, noise, snr, seed=3)
    assert noisy.placements == clean.placements
    assert np.abs(noisy.samples).max() <= 1
    added = noisy.samples - clean.samples
    ratios = [
        rms(clean.samples[placed.word_start : placed.word_end])
        / rms(added[placed.clip_start : placed.clip_end])
        for placed in clean.placements
    ]
    assert 20 * np.log10(np.median(ratios)) == pytest.approx(snr, abs=1)


def test_noise_goes_on_as_long_as_it_must(corpus: Corpus) -> None:
    track = noise_track(
        corpus, corpus.select("noise", "testing"), 20 * RATE, np.random.default_rng(1)
    )
    assert len(track) == 20 * RATE
    seconds = track.reshape(-1, RATE)
    assert np.sqrt((seconds**2).mean(axis=1)).min() > 0.7


def test_hours_of_speech_leave_the_pauses_out(corpus: Corpus) -> None:
    sentences = corpus.select("speech", "testing")
    stream = speech_stream(corpus, sentences, "talk", seed=1)
    assert stream.recorded_hours == pytest.approx(len(sentences) * 2 / 3600)
    assert stream.hours > stream.recorded_hours
    assert {placed.word for placed in stream.placements} == {""}


def test_noise_follows_on_noise(corpus: Corpus) -> None:
    noise = corpus.select("noise", "training")
    stream = noise_stream(corpus, noise, "noise", seed=1)
    assert len(stream.samples) == sum(len(corpus.samples(n)) for n in noise) + 2 * RATE
