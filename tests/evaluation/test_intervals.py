"""Intervals against published values."""

import numpy as np
import pytest

from kws.evaluation.intervals import (
    binomial_interval,
    bootstrap_mean,
    percentile_interval,
    poisson_interval,
    resampling_weights,
)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Garwood (1936), as in the tables of every textbook.
    [(1, 0.0253, 5.572), (5, 1.6235, 11.668), (10, 4.7954, 18.390), (50, 37.111, 65.919)],
)
def test_poisson_bounds(count: int, low: float, high: float) -> None:
    assert poisson_interval(count, 1.0) == pytest.approx((low, high), rel=2e-3)
    assert poisson_interval(count, 4.0) == pytest.approx((low / 4, high / 4), rel=2e-3)


def test_rule_of_three() -> None:
    low, high = poisson_interval(0, 2.0)
    assert low == 0
    assert high == pytest.approx(3 / 2, rel=2e-3)


def test_nothing_is_known_of_no_time() -> None:
    assert poisson_interval(0, 0.0) == (0.0, float("inf"))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    # Clopper and Pearson (1934), two-sided; one-sided where none or all were seen.
    [(8, 10, 0.4439, 0.9748), (1, 20, 0.0013, 0.2487), (0, 30, 0, 0.0950), (2, 2, 0.2236, 1)],
)
def test_binomial_bounds(count: int, of: int, low: float, high: float) -> None:
    assert binomial_interval(count, of) == pytest.approx((low, high), abs=1e-4)


def test_nothing_is_known_of_no_case() -> None:
    assert binomial_interval(0, 0) == (0, 1)


def test_bootstrap_of_a_share_is_as_wide_as_the_binomial_one() -> None:
    hits = np.repeat((0.0, 1.0), (700, 300))
    low, high = percentile_interval(bootstrap_mean(hits, np.random.default_rng(1), 4000))
    half = 1.96 * np.sqrt(0.3 * 0.7 / 1000)
    assert low == pytest.approx(0.3 - half, abs=0.003)
    assert high == pytest.approx(0.3 + half, abs=0.003)


def test_each_bootstrap_sample_has_as_many_items() -> None:
    weights = resampling_weights(np.random.default_rng(2), 7, 50)
    assert weights.shape == (50, 7)
    assert (weights.sum(axis=1) == 7).all()
