"""Where a word lies: bursts of noise at known places."""

import numpy as np
import pytest

from kws.spotting.bounds import Bounds, Fired, WordBounds
from kws.spotting.mfcc import IncrementalMfcc
from kws.spotting.model import Model
from kws.spotting.model_spec import KeywordSettings

KEYWORD = KeywordSettings(word="yes", end_offset=2000, duration=7000)
TOLERANCE = 480  # samples, 30 ms: one and a half hops


def locate(model: Model, signal: np.ndarray, fired: int) -> Bounds:
    """Bounds and level after hearing `signal` up to the last frame that ends by `fired`."""
    spec = model.spec.features
    last = (fired - spec.window) // spec.hop * spec.hop + spec.window
    bounds = WordBounds(model)
    framer = IncrementalMfcc(spec, model.matrices)
    heard, state = framer.initial_state(), bounds.initial_state()
    *before, newest = np.array_split(signal[:last], 7)
    for piece in before:
        frames, heard = framer.step(piece, heard)
        _, state = bounds.step(frames, [], state)
    frames, _ = framer.step(newest, heard)
    (found,), _ = bounds.step(frames, [Fired(KEYWORD, len(frames.power), last)], state)
    return found


def noise(level: float, count: int = 48000) -> np.ndarray:
    rng = np.random.default_rng(3)
    return (rng.standard_normal(count) * level).astype(np.float32)


def with_burst(background: float, *spans: tuple[int, int]) -> np.ndarray:
    signal = noise(background)
    for start, end in spans:
        signal[start:end] += noise(0.1, end - start)
    return signal


def test_finds_the_word(tiny_model: Model) -> None:
    signal = with_burst(1e-3, (30000, 37000))
    start, end, level = locate(tiny_model, signal, 40000)
    assert start == pytest.approx(30000, abs=TOLERANCE)
    assert end == pytest.approx(37000, abs=TOLERANCE)
    assert level == pytest.approx(-20, abs=1.5)


def test_a_closure_inside_the_word_does_not_split_it(tiny_model: Model) -> None:
    signal = with_burst(1e-3, (29000, 33000), (34200, 36000))  # 75 ms of quiet
    start, end, _ = locate(tiny_model, signal, 39000)
    assert start == pytest.approx(29000, abs=TOLERANCE)
    assert end == pytest.approx(36000, abs=TOLERANCE)


def test_an_earlier_word_is_left_out(tiny_model: Model) -> None:
    signal = with_burst(1e-3, (18000, 24000), (30000, 36000))
    start, end, _ = locate(tiny_model, signal, 38500)
    assert start == pytest.approx(30000, abs=TOLERANCE)
    assert end == pytest.approx(36000, abs=TOLERANCE)


def test_word_that_drowns_is_placed_by_rule(tiny_model: Model) -> None:
    start, end, _ = locate(tiny_model, noise(0.1), 40000)
    assert end == pytest.approx(40000 - KEYWORD.end_offset, abs=TOLERANCE)
    assert start == pytest.approx(end - KEYWORD.duration, abs=1)


def test_sound_that_goes_on_leaves_the_end_to_the_rule(tiny_model: Model) -> None:
    signal = with_burst(1e-3, (30000, 48000))
    start, end, _ = locate(tiny_model, signal, 40000)
    assert start == pytest.approx(30000, abs=TOLERANCE)
    assert end == pytest.approx(40000 - KEYWORD.end_offset, abs=TOLERANCE)


def test_at_the_very_start_of_a_stream(tiny_model: Model) -> None:
    signal = with_burst(1e-3, (0, 3000))
    start, end, _ = locate(tiny_model, signal, 4000)
    assert 0 <= start <= end <= 4000
