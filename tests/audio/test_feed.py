"""From the audio callback to 16 kHz: counting, resampling, capture times."""

import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st

from kws.audio.feed import Feed
from kws.audio.resample import QUALITY
from kws.audio.source import Chunk
from kws.samples import RATE


def drain(feed: Feed) -> list[Chunk]:
    chunks = []
    while (chunk := feed.read(0)) is not None:
        chunks.append(chunk)
    return chunks


def write(feed: Feed, samples: np.ndarray, arrived: float = 0.0, overflow: bool = False) -> None:
    feed.write(samples.astype(np.float32), arrived, 0.0, overflow)


def test_nothing_comes_of_nothing() -> None:
    assert Feed(16000).read(0) is None


def test_at_16_khz_samples_pass_untouched() -> None:
    feed = Feed(16000)
    samples = np.linspace(-1, 1, 5000, dtype=np.float32)
    write(feed, samples)
    chunks = drain(feed)
    np.testing.assert_array_equal(np.concatenate([chunk.samples for chunk in chunks]), samples)
    assert all(len(chunk.samples) <= 1600 for chunk in chunks)
    assert not any(chunk.lost or chunk.overflow for chunk in chunks)


@pytest.mark.parametrize("rate", [44100, 48000, 8000])
def test_other_rates_are_resampled_as_one_stream(rate: int) -> None:
    feed = Feed(rate)
    samples = np.sin(np.arange(rate) * 440 * 2 * np.pi / rate).astype(np.float32)
    parts = []
    for block in np.array_split(samples, 37):
        write(feed, block)
        parts += drain(feed)
    heard = np.concatenate([chunk.samples for chunk in parts])
    expected = soxr.resample(samples, rate, RATE, quality=QUALITY)
    assert len(heard) > 0.9 * RATE
    np.testing.assert_allclose(heard, expected[: len(heard)], atol=1e-4)


@given(
    rate=st.sampled_from([16000, 44100, 48000]),
    steps=st.lists(st.tuples(st.integers(1, 3000), st.booleans()), min_size=1, max_size=40),
)
def test_every_sample_is_given_or_counted(rate: int, steps: list[tuple[int, bool]]) -> None:
    """However late the reader is, the position never drifts from the device's."""
    feed = Feed(rate, seconds=0.1)
    written = position = 0
    for count, reads in steps:
        write(feed, np.zeros(count))
        written += count
        if not reads:
            continue
        for chunk in drain(feed):
            assert chunk.lost >= 0
            position += chunk.lost + len(chunk.samples)
        behind = written * RATE / rate - position
        # What a resampler holds back, and nothing where there is none.
        assert -1 <= behind <= (0 if rate == RATE else 1000)


def test_an_overrun_is_counted_to_the_sample() -> None:
    feed = Feed(16000, seconds=0.5)
    write(feed, np.arange(20000))
    first, *_ = drain(feed)
    assert first.lost == 12000
    assert first.samples[0] == 12000


def test_the_flag_of_the_device_is_passed_on_once() -> None:
    feed = Feed(16000)
    write(feed, np.zeros(320))
    assert not drain(feed)[0].overflow
    write(feed, np.zeros(320), overflow=True)
    assert drain(feed)[0].overflow
    write(feed, np.zeros(320))
    assert not drain(feed)[0].overflow
    assert feed.overflows == 1


def test_arrival_tells_the_time_without_a_clock_in_the_device() -> None:
    feed = Feed(16000)
    write(feed, np.zeros(3200), arrived=50.0)
    first, second = drain(feed)
    assert first.captured == pytest.approx(49.9)
    assert second.captured == pytest.approx(50.0)
    assert feed.clock == "arrival"


def test_the_delay_of_the_resampler_is_taken_off() -> None:
    feed = Feed(48000)
    given = 0
    for number in range(1, 101):
        write(feed, np.zeros(480), arrived=number * 0.01)
        for chunk in drain(feed):
            given += len(chunk.samples)
            assert chunk.captured == pytest.approx(given / RATE, abs=1e-6)


def test_capture_times_of_the_device_are_trusted_once_they_make_sense() -> None:
    feed = Feed(16000)
    for number in range(60):
        # Captured 30 ms before the callback: a block of 20 ms and 10 ms on the way.
        feed.write(np.zeros(320, np.float32), number * 0.02, 0.03, False)
        chunk = drain(feed)[0]
    assert feed.clock == "adc"
    assert chunk.captured == pytest.approx(59 * 0.02 - 0.01)


@pytest.mark.parametrize("nonsense", [0.0, 0.0002, -0.0198, 0.6])
def test_one_senseless_capture_time_is_enough(nonsense: float) -> None:
    """Such as those that come through ALSA's pulse plug-in."""
    feed = Feed(16000)
    for number in range(200):
        delay = nonsense if number == 7 else 0.03
        feed.write(np.zeros(320, np.float32), number * 0.02, delay, False)
        drain(feed)
    assert feed.clock == "arrival"
