"""Hits and kinds of false alarms on truths that can be checked by hand."""

import math

import pytest

from kws.corpus.matching import TOLERANCE, Firing, Matching, Placement, match
from kws.spotting.redecision import Trial

KEYWORDS = ("yes", "no")


def placed(word: str, start: int, length: int = 16000) -> Placement:
    """A clip whose word ends 4000 samples before the clip does."""
    end = start + length
    return Placement(word, f"{word}@{start}", start, end, start + 4000, end - 4000)


def fired(word: str, position: int) -> Trial:
    return Trial(word, position, 0.9)


def kinds(matching: Matching[Trial]) -> list[str]:
    return [alarm.kind for alarm in matching.alarms]


def test_a_detection_in_time_is_a_hit_with_its_latency() -> None:
    clip = placed("yes", 10000)
    matching = match([fired("yes", 25000)], [clip], KEYWORDS)
    assert [hit.placement for hit in matching.hits] == [clip]
    assert matching.hits[0].latency == 25000 - 22000
    assert (matching.misses, matching.alarms, matching.miss_rate) == ([], [], 0.0)


@pytest.mark.parametrize(
    ("position", "hit"),
    [(9999, False), (10000, True), (26000 + TOLERANCE - 1, True), (26000 + TOLERANCE, False)],
)
def test_the_window_is_the_clip_and_the_tolerance_after_it(position: int, hit: bool) -> None:
    matching = match([fired("yes", position)], [placed("yes", 10000)], KEYWORDS)
    assert (len(matching.hits), len(matching.misses)) == ((1, 0) if hit else (0, 1))
    assert kinds(matching) == ([] if hit else ["background"])


def test_every_kind_of_false_alarm() -> None:
    clips = [placed("yes", 0), placed("no", 50000), placed("bird", 100000), placed("", 150000)]
    detections = [
        fired("yes", 13000),
        fired("yes", 20000),
        fired("yes", 63000),
        fired("no", 64000),
        fired("no", 113000),
        fired("no", 140000),
        fired("yes", 160000),
    ]
    matching = match(detections, clips, KEYWORDS)
    assert [hit.placement.word for hit in matching.hits] == ["yes", "no"]
    assert kinds(matching) == ["double", "wrong word", "other word", "background", "background"]
    assert matching.alarm_counts() == {
        "wrong word": 1,
        "other word": 1,
        "double": 1,
        "background": 2,
    }
    assert [alarm.placement.word if alarm.placement else None for alarm in matching.alarms] == [
        "yes",
        "no",
        "bird",
        None,
        "",
    ]


def test_other_words_are_never_missed() -> None:
    nothing: list[Firing] = []
    matching = match(nothing, [placed("bird", 0), placed("no", 50000)], KEYWORDS)
    assert [clip.word for clip in matching.misses] == ["no"]
    assert matching.miss_rate == 1.0
    assert math.isnan(match([], [placed("bird", 0)], KEYWORDS).miss_rate)


def test_two_clips_of_a_word_in_a_row_take_one_detection_each() -> None:
    clips = [placed("yes", 0), placed("yes", 20000)]
    both = match([fired("yes", 21000), fired("yes", 33000)], clips, KEYWORDS)
    assert len(both.hits) == 2
    late = match([fired("yes", 14000), fired("yes", 21000)], clips, KEYWORDS)
    assert (len(late.hits), kinds(late)) == (2, [])


def test_a_wrong_word_is_put_down_to_the_word_that_ended_nearest() -> None:
    clips = [placed("yes", 0), placed("bird", 20000)]
    early = match([fired("no", 21500)], clips, KEYWORDS)
    assert kinds(early) == ["wrong word"]
    late = match([fired("no", 26000)], clips, KEYWORDS)
    assert kinds(late) == ["other word"]


def test_the_order_of_the_truth_does_not_matter() -> None:
    clips = [placed("no", 50000), placed("yes", 0)]
    matching = match([fired("yes", 13000), fired("no", 63000)], clips, KEYWORDS)
    assert len(matching.hits) == 2
