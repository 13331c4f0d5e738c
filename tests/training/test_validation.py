import numpy as np
import pytest

from kws.corpus.matching import Placement
from kws.spotting.row_clock import RowClock
from kws.training.validation import SMOOTHING, Point, ValidationStream, chosen_point, frr_at, sweep

CLOCK = RowClock(832, 640)
KEYWORDS = ("yes", "no")


def clip_of(word: str) -> Placement:
    return Placement(word, word, 16000, 32000, word_start=20000, word_end=26000)


def stream(events: list[Placement]) -> ValidationStream:
    return ValidationStream("clips", np.zeros((1, 1, 40), np.float16), [events], 1.0)


def score(posteriors: np.ndarray, events: list[Placement], threshold: float = 0.5) -> Point:
    (point,) = sweep(posteriors[None], stream(events), KEYWORDS, CLOCK, [threshold])
    return point


def peak(rows: int, *peaks: tuple[int, int]) -> np.ndarray:
    posteriors = np.zeros((rows, 2), np.float32)
    for row, word in peaks:
        posteriors[row : row + SMOOTHING + 1, word] = 0.9
    return posteriors


def test_a_hit_lies_between_the_clip_and_what_follows_it() -> None:
    clip = clip_of("no")
    point = score(peak(100, (40, 1)), [clip])
    assert (point.words, point.misses, point.false_alarms) == (1, 0, 0)
    # Three rows of 0.9 among the last five make a mean above 0.5.
    assert point.delays == (("no", CLOCK(42) - 26000),)


@pytest.mark.parametrize(
    ("peaks", "misses", "false_alarms"),
    [
        ([], 1, 0),
        ([(10, 1)], 1, 1),
        ([(75, 1)], 1, 1),
        ([(40, 0)], 1, 1),
        ([(30, 1), (55, 1)], 0, 1),
    ],
    ids=["silent", "too early", "too late", "wrong word", "twice"],
)
def test_all_else_is_a_false_alarm(
    peaks: list[tuple[int, int]], misses: int, false_alarms: int
) -> None:
    clip = clip_of("no")
    point = score(peak(100, *peaks), [clip])
    assert (point.misses, point.false_alarms) == (misses, false_alarms)


def test_another_word_may_not_fire() -> None:
    clip = clip_of("tree")
    point = score(peak(100, (40, 1)), [clip])
    assert (point.words, point.false_alarms) == (0, 1)


def points(*false_alarms: int) -> list[Point]:
    return [Point(0.1 * i, 10 * i, 100, alarms, ()) for i, alarms in enumerate(false_alarms)]


def test_the_lowest_threshold_that_keeps_to_the_rate() -> None:
    alarms = points(50, 9, 4, 1, 0)
    assert chosen_point(alarms, 4) == 2
    assert chosen_point(points(3, 9, 1), 4) == 2
    assert chosen_point(points(9, 9, 9), 4) is None
    assert frr_at(alarms, alarms, hours=2.0, rate=2.0) == 0.2
    assert frr_at(alarms, points(9, 9, 9, 9, 9), hours=2.0, rate=2.0) == 1.0
