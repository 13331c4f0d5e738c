"""Positions and the time of day."""

import time
from datetime import UTC, datetime

import numpy as np
import pytest

from kws.daemon.clock import ClockAnchor


def test_without_observations_there_is_no_time() -> None:
    clock = ClockAnchor()
    clock.observe(16000, None)
    assert clock.monotonic(0) is None
    assert clock.utc(0) is None


def test_late_arrivals_do_not_move_it() -> None:
    clock = ClockAnchor()
    late = np.random.default_rng(1).exponential(0.02, 500)
    late[17] = 0.0
    for block in range(500):
        clock.observe(block * 320, 100 + block * 0.02 + late[block])
    assert clock.monotonic(160000) == pytest.approx(110.0)


def test_it_follows_a_crystal_that_runs_slow() -> None:
    """A device of 15998 Hz: after ten minutes the anchor is at most a minute's drift behind."""
    clock = ClockAnchor()
    for second in range(600):
        clock.observe(second * 15998, 100.0 + second)
    assert clock.monotonic(599 * 15998) == pytest.approx(699.0, abs=0.009)


def test_restart_forgets() -> None:
    clock = ClockAnchor()
    clock.observe(0, 100.0)
    clock.restart()
    assert clock.monotonic(0) is None
    clock.observe(0, 500.0)
    assert clock.monotonic(16000) == pytest.approx(501.0)


def test_the_time_of_day() -> None:
    clock = ClockAnchor()
    clock.observe(16000, time.monotonic())
    when = clock.utc(0)
    assert when is not None
    assert when.tzinfo is UTC
    assert (datetime.now(UTC) - when).total_seconds() >= 1


def test_sound_lost_without_a_word_is_noticed_within_seconds() -> None:
    """The device drops 2 s and says nothing: from then on positions are 2 s early."""
    clock = ClockAnchor()
    for block in range(500):
        lost = 2.0 if block >= 250 else 0.0
        clock.observe(block * 1280, 100.0 + block * 0.08 + lost)
    assert clock.monotonic(499 * 1280) == pytest.approx(100.0 + 499 * 0.08 + 2.0, abs=0.01)
    now = clock.monotonic(330 * 1280)
    assert now == pytest.approx(100.0 + 330 * 0.08 + 2.0, abs=0.01)
