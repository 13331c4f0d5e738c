"""An evaluation in plain words."""

import pytest
from msgspec import structs

from kws.evaluation.materials import NOISE, WITH_KEYWORDS
from kws.evaluation.meaning import duration, meaning, share
from kws.evaluation.results import AlarmResult, StreamResult
from tests.support.evaluations import alarm_result, evaluation, stream_result

HEARING = "A word said by itself"
TALK = "False alarms while people talk of other things"
IN_TALK = "False alarms in talk that has the words in it"
IN_NOISE = "False alarms in noise"
QUIET = "In a quiet room it is heard "


def told(streams: list[StreamResult], alarms: list[AlarmResult] | None = None) -> dict[str, str]:
    """Each statement by what it is about."""
    return {
        about: text.replace("\N{NO-BREAK SPACE}", " ")
        for about, text in meaning(evaluation(streams, alarms or []))
    }


def test_it_says_how_often_a_word_is_heard_and_how_sure_that_is() -> None:
    streams = [
        stream_result(2000, 126),
        stream_result(2000, 180, "20 dB"),
        stream_result(2000, 334, "10 dB"),
        stream_result(2000, 468, "5 dB"),
    ]
    assert told(streams)[HEARING] == (
        f"{QUIET}about 14 of 15 times (2,000 measured: 92.5 to 94.7 %); "
        "in noise, the voice 20 dB louder, about 10 of 11 times (2,000 measured: 89.7 to 92.2 %); "
        "in noise, the voice 5 dB louder, about 3 of 4 times (2,000 measured: 74.7 to 78.4 %)."
    )


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (
            stream_result(2, 0),
            f"{QUIET}every time (2 measured: 22.4 to 100.0 %); in noise: unknown.",
        ),
        (stream_result(2, 2), f"{QUIET}never (2 measured: 0.0 to 77.6 %); in noise: unknown."),
        (
            stream_result(12, 3, "-5 dB"),
            "In a quiet room: unknown; in noise, the noise 5 dB louder, 9 of 12 times "
            "(12 measured: 42.8 to 94.5 %).",
        ),
    ],
)
def test_few_clips_promise_little(stream: StreamResult, expected: str) -> None:
    assert told([stream])[HEARING] == expected


@pytest.mark.parametrize(
    ("alarms", "hours", "expected"),
    [
        (
            2,
            1.17,
            "About once in 35 minutes. It fired 2 times in the 70 minutes measured, so it may be "
            "once in 10 minutes or once in 5 hours.",
        ),
        (
            1,
            10,
            "About once in 10 hours. It fired once in the 10 hours measured, so it may be once in "
            "1.8 hours or once in 16 days.",
        ),
        (0, 1.17, "None in the 70 minutes measured; it may still be once in 23 minutes."),
        (0, 0, "Unknown."),
    ],
)
def test_false_alarms_come_with_the_time_and_its_bounds(
    alarms: int, hours: float, expected: str
) -> None:
    assert told([stream_result(2, 0)], [alarm_result(alarms, hours)])[TALK] == expected


def test_each_kind_of_material_has_its_own_figure() -> None:
    alarms = [alarm_result(0, 3.0, NOISE), alarm_result(30, 1.0, WITH_KEYWORDS)]
    found = told([stream_result(2, 0)], alarms)
    assert found[TALK] == "Unknown."
    assert found[IN_NOISE].startswith("None in the 3 hours")
    assert found[IN_TALK].startswith("About once in 2 min")


def test_other_listeners_are_left_out() -> None:
    compared = evaluation([stream_result(2, 0)], [alarm_result(2, 1.0)])
    alone = structs.replace(compared, model=structs.replace(compared.model, name="other"))
    assert dict(meaning(alone)) == {
        HEARING: "In a quiet room: unknown; in noise: unknown.",
        **dict.fromkeys((TALK, IN_TALK, IN_NOISE), "Unknown."),
        "Time to answer": "Unknown, for no word was heard.",
    }


@pytest.mark.parametrize(
    ("latencies", "expected"),
    [
        (
            (57.0, 197.0),
            "Half of the answers come within 0.06 seconds after the word, 19 of 20 within 0.20 "
            "seconds after the word.",
        ),
        (
            (-20.0, 150.0),
            "Half of the answers come before the word has ended, 19 of 20 within 0.15 seconds "
            "after the word.",
        ),
        (None, "Unknown, for no word was heard."),
    ],
)
def test_it_says_how_long_an_answer_takes(
    latencies: tuple[float, float] | None, expected: str
) -> None:
    assert told([stream_result(2, 0, latencies=latencies)])["Time to answer"] == expected


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (2, 2, "every time"),
        (0, 7, "never"),
        (19, 20, "19 of 20 times"),
        (1667, 2000, "about 5 of 6 times"),
        (1500, 2000, "about 3 of 4 times"),
        (1990, 2000, "about 199 of 200 times"),
        (99999, 100000, "99,999 of 100,000 times"),
        (3, 2000, "3 of 2,000 times"),
    ],
)
def test_a_share_is_a_plain_fraction(count: int, of: int, text: str) -> None:
    assert share(count, of) == text


@pytest.mark.parametrize(("of", "step"), [(21, 1), (333, 7), (2025, 11)])
def test_a_plain_fraction_is_never_far_off(of: int, step: int) -> None:
    for count in range(1, of, step):
        about = share(count, of).removeprefix("about ").replace(",", "").split()
        rarer = min(count, of - count) / of
        assert abs(int(about[0]) / int(about[2]) - count / of) <= 0.101 * rarer


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0.4 seconds"),
        (45, "45 seconds"),
        (89, "89 seconds"),
        (90, "1.5 minutes"),
        (2100, "35 minutes"),
        (4212, "70 minutes"),
        (7200, "2 hours"),
        (100000, "28 hours"),
        (400000, "5 days"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text
