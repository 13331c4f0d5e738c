"""Near misses."""

import numpy as np
import pytest

from kws.spotting.peaks import unfired_peaks

TIMES = np.arange(0, 10, 0.04)


def bumps(*peaks: tuple[float, float]) -> np.ndarray:
    """Scores of triangles, 0.8 s wide, with the given (seconds, height)."""
    scores: np.ndarray = np.max(
        [h * np.clip(1 - np.abs(TIMES - t) / 0.4, 0, 1) for t, h in peaks], axis=0
    )
    return scores


def test_a_near_miss_says_what_it_lacks() -> None:
    (peak,) = unfired_peaks("stop", TIMES, bumps((4.0, 0.42), (8.0, 0.1)), 0.67, [])
    assert peak.seconds == pytest.approx(4.0)
    assert not peak.held_back
    assert peak.text == "stop 0.42, lacks 0.25"


def test_a_peak_that_fired_is_none() -> None:
    scores = bumps((2.0, 0.9), (6.0, 0.5))
    assert [peak.seconds for peak in unfired_peaks("a", TIMES, scores, 0.67, [1.9])] == [
        pytest.approx(6.0)
    ]
    assert not unfired_peaks("a", TIMES, scores, 0.67, [1.9, 6.1])


def test_a_high_peak_without_detection_came_too_soon() -> None:
    (peak,) = unfired_peaks("off", TIMES, bumps((4.0, 0.81)), 0.67, [2.0])
    assert peak.held_back
    assert peak.text == "off 0.81, too soon"


def test_what_wavers_is_one_peak() -> None:
    scores = bumps((4.0, 0.5), (4.5, 0.6))
    assert len(unfired_peaks("a", TIMES, scores, 0.67, [])) == 1
    assert not unfired_peaks("a", np.empty(0), np.empty(0), 0.67, [])
