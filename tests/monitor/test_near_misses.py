"""Near misses as they happen are those that a picture of the same scores would show."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kws.monitor.near_misses import NearMisses
from kws.samples import RATE
from kws.spotting.peaks import Peak, unfired_peaks

ROW = 640
THRESHOLDS: dict[str, float | None] = {"yes": 0.6, "no": 0.6}


def bump(height: float, rows: int = 10) -> list[float]:
    """A score that rises to `height` and falls, and a second of quiet behind it."""
    return [height * (1 - abs(row - rows / 2) / rows) for row in range(rows)] + [0.0] * 25


def found(scores: list[float], fired: tuple[int, ...] = ()) -> list[Peak]:
    """What is found in the scores of ``yes``, which fired in these rows."""
    near, peaks = NearMisses(), []
    for index, score in enumerate(scores):
        peaks += near.step(ROW * index, {"yes": score, "no": 0.0}, THRESHOLDS)
        if index in fired:
            near.fire("yes", ROW * index)
    return peaks


def test_a_score_that_came_near_is_one() -> None:
    (peak,) = found(bump(0.5))
    assert (peak.word, peak.score, peak.lack) == ("yes", 0.5, "lacks 0.10")
    assert not found(bump(0.19)), "less than a third of the threshold"


def test_a_score_that_fired_is_none() -> None:
    assert not found(bump(0.9), fired=(3,))
    (peak,) = found(bump(0.9) + bump(0.9), fired=(3,))
    assert peak.held_back


@given(
    st.lists(st.sampled_from([0.0, 0.1, 0.19, 0.3, 0.59, 0.6, 0.9]), max_size=80),
    st.sets(st.integers(0, 79)),
)
def test_they_are_those_of_the_picture(scores: list[float], fired: set[int]) -> None:
    scores = scores + [0.0] * 20
    rows = tuple(row for row in fired if row < len(scores))
    times = ROW * np.arange(len(scores)) / RATE
    expected = unfired_peaks(
        "yes", times, np.array(scores), 0.6, [ROW * row / RATE for row in rows]
    )
    assert found(scores, rows) == expected


def test_it_is_known_when_it_is_over_also_if_nobody_listens_any_more() -> None:
    near = NearMisses()
    assert not near.step(0, {"yes": 0.5}, THRESHOLDS)
    assert not near.step(RATE // 10, {}, THRESHOLDS)
    (peak,) = near.step(RATE, {}, THRESHOLDS)
    assert peak.score == 0.5
    assert not near.step(2 * RATE, {}, THRESHOLDS)


def test_what_another_threshold_judged_is_no_miss_of_this_one() -> None:
    near = NearMisses()
    near.step(0, {"yes": 0.5}, THRESHOLDS)
    near.step(ROW, {"yes": 0.1}, THRESHOLDS | {"yes": 0.4})
    assert not near.step(RATE, {"yes": 0.0}, THRESHOLDS | {"yes": 0.4})


def test_without_a_threshold_there_is_none() -> None:
    near = NearMisses()
    near.step(0, {"yes": 0.5, "new": 0.9}, {"yes": None})
    assert not near.step(RATE, {}, {})
