from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.corpus.word_bounds import speech_dips, word_bounds
from tests.support.glides import WORDS, write_clip

TOLERANCE = 800


@pytest.mark.parametrize("word", sorted(WORDS))
@pytest.mark.parametrize("noise", [0.0, 1e-3, 1e-2])
def test_bounds_are_where_the_tone_is(tmp_path: Path, word: str, noise: float) -> None:
    start, end = write_clip(tmp_path / "a.wav", word, 3, noise)
    bounds = word_bounds(soundfile.read(tmp_path / "a.wav", dtype="int16")[0])
    assert abs(bounds.start - start) < TOLERANCE
    assert abs(bounds.end - end) < TOLERANCE
    assert not bounds.cut_off


def test_the_closure_of_a_stop_belongs_to_the_word() -> None:
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 10, 16000)
    audio[3000:7000] += rng.normal(0, 3000, 4000)
    audio[8600:9400] += rng.normal(0, 1500, 800)
    bounds = word_bounds(audio.astype(np.int16))
    assert abs(bounds.end - 9400) < TOLERANCE


def test_a_word_cut_by_the_end_of_the_clip() -> None:
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 10, 16000)
    audio[9000:] += rng.normal(0, 3000, 7000)
    assert word_bounds(audio.astype(np.int16)).cut_off


@pytest.mark.parametrize("length", [0, 10, 399, 16000])
def test_a_clip_of_nothing_gives_its_whole_length(length: int) -> None:
    bounds = word_bounds(np.zeros(length, np.int16))
    assert (bounds.start, bounds.end) == (0, length)


def test_speech_is_cut_between_words() -> None:
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 10, 48000)
    for start in (4000, 20000, 36000):
        audio[start : start + 8000] += rng.normal(0, 3000, 8000)
    dips = speech_dips(audio.astype(np.int16))
    assert dips[0] == 0 and dips[-1] == 48000
    for low, high in ((12000, 20000), (28000, 36000)):
        assert ((dips > low) & (dips < high)).any()
