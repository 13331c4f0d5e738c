"""What is wrong with a signal."""

import numpy as np
import pytest

from kws.audio.health import SignalHealth

RATE = 16000
speech = (np.random.default_rng(0).standard_normal(RATE * 20) * 0.05).astype(np.float32)


def codes(samples: np.ndarray, block: int = 320) -> list[str]:
    health = SignalHealth()
    blocks = np.array_split(samples.astype(np.float32), len(samples) // block)
    return [finding.code for part in blocks for finding in health.feed(part)]


def test_nothing_is_wrong_with_quiet_noise() -> None:
    assert codes(speech) == []


def test_five_seconds_of_zeros_are_told_once_per_silence() -> None:
    zeros = np.zeros(RATE * 7)
    assert codes(zeros[: 4 * RATE]) == []
    assert codes(zeros) == ["muted_hint"]
    assert codes(np.concatenate((zeros, speech[:RATE], zeros))) == ["muted_hint", "muted_hint"]


def test_clipping_and_an_offset_are_told() -> None:
    assert codes(np.clip(speech * 40, -1, 1)) == ["clipping"]
    assert codes(speech + 0.2) == ["dc_offset"]


def test_level_of_the_last_second() -> None:
    health = SignalHealth()
    assert health.level_dbfs == -120
    health.feed(np.full(RATE, 0.1, np.float32))
    assert health.level_dbfs == pytest.approx(-20, abs=0.01)
    health.feed(np.zeros(RATE, np.float32))
    assert health.level_dbfs == -120


def test_samples_that_are_no_numbers_do_no_harm() -> None:
    health = SignalHealth()
    samples = np.tile(np.array([0.1, -0.1], np.float32), RATE // 2)
    samples[100] = np.nan
    samples[200] = np.inf
    assert health.feed(samples) == []
    assert health.level_dbfs == pytest.approx(-20, abs=0.1)
