"""The resampler: the same samples for every cut, and the right ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kws.audio.resample import StreamResampler
from kws.samples import RATE

RATES = (8000, 11025, 16000, 22050, 44100, 44101, 48000, 96000)


def tone(rate: int, seconds: float, hertz: float = 440.0) -> np.ndarray:
    """A sine (N,) at half of full scale."""
    return (
        np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate).astype(np.float32) / 2
    )


def resample(samples: np.ndarray, rate: int, cuts: list[int]) -> np.ndarray:
    resampler = StreamResampler(rate)
    pieces = [resampler.feed(piece) for piece in np.split(samples, cuts)]
    return np.concatenate([*pieces, resampler.flush()])


@given(
    rate=st.sampled_from(RATES),
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 20000), max_size=60),
)
@settings(max_examples=60, deadline=None)
def test_the_output_does_not_depend_on_the_cuts(rate: int, seed: int, cuts: list[int]) -> None:
    samples = np.random.default_rng(seed).standard_normal(20000).astype(np.float32)
    whole = resample(samples, rate, [])
    np.testing.assert_array_equal(resample(samples, rate, sorted(cuts)), whole)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_a_tone(rate: int) -> None:
    expected = tone(RATE, 1.0)
    result = resample(tone(rate, 1.0), rate, [])
    assert abs(len(result) - RATE) <= 1
    # Where the signal begins and ends abruptly, the filter rings.
    inner = slice(1000, -1000)
    np.testing.assert_allclose(result[:RATE][inner], expected[: len(result)][inner], atol=1e-4)


def test_what_cannot_be_heard_at_16_khz_is_removed() -> None:
    result = resample(tone(48000, 1.0, hertz=10000.0), 48000, [])
    assert np.abs(result[1000:-1000]).max() < 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_delay_is_what_is_missing(rate: int) -> None:
    resampler = StreamResampler(rate)
    fed = given_back = 0
    for block in np.split(tone(rate, 1.0), range(700, rate, 700)):
        fed += len(block)
        given_back += len(resampler.feed(block))
        assert resampler.delay == pytest.approx(fed * RATE / rate - given_back)
        assert 0 <= resampler.delay < 0.15 * RATE
    if rate == RATE:
        assert resampler.delay == 0


def test_after_a_flush_a_new_stream_begins() -> None:
    samples = tone(44100, 0.5)
    resampler = StreamResampler(44100)
    first = np.concatenate((resampler.feed(samples), resampler.flush()))
    assert resampler.delay == 0
    second = np.concatenate((resampler.feed(samples), resampler.flush()))
    np.testing.assert_array_equal(first, second)


def test_a_bad_sample_does_not_spoil_the_stream() -> None:
    samples = tone(48000, 1.0)
    clean = resample(samples, 48000, [])
    samples[24000] = np.nan
    result = resample(samples, 48000, [])
    bad = np.flatnonzero(~np.isfinite(result))
    assert 1 <= len(bad) < 0.05 * RATE
    assert abs(bad.mean() - RATE / 2) < 0.05 * RATE
    good = np.isfinite(result)
    np.testing.assert_array_equal(result[good], clean[good])
