"""The comparison with the truth, on a recording of four words."""

from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.support.truth import SpokenWord, compare, read_truth

RECORDING = Path(__file__).parents[2] / "examples" / "recording"


def spoken(word: str, clip_start: int, keyword: bool = True) -> SpokenWord:
    clip_end = clip_start + 16000
    return SpokenWord(word, keyword, clip_start + 4000, clip_start + 12000, clip_start, clip_end)


def detected(keyword: str, fired: int) -> dict[str, Any]:
    return {"keyword": keyword, "fired": fired}


TRUTH = [
    spoken("yes", 16000),
    spoken("bird", 48000, keyword=False),
    spoken("left", 80000),
    spoken("left", 102400),
]


@pytest.mark.parametrize(
    ("detections", "hits", "false_alarms"),
    [
        pytest.param([], 0, 0, id="nothing"),
        pytest.param([("yes", 30000), ("left", 95000), ("left", 117000)], 3, 0, id="all"),
        pytest.param([("yes", 44000)], 1, 0, id="just in time"),
        pytest.param([("yes", 44001)], 0, 1, id="too late"),
        pytest.param([("yes", 15999)], 0, 1, id="too early"),
        pytest.param([("yes", 28000), ("yes", 36000)], 1, 1, id="twice"),
        pytest.param([("no", 30000)], 0, 1, id="another word"),
        pytest.param([("bird", 60000)], 0, 1, id="no keyword"),
        pytest.param([("left", 103000)], 1, 0, id="two could claim it"),
    ],
)
def test_hits_and_false_alarms(
    detections: list[tuple[str, int]], hits: int, false_alarms: int
) -> None:
    comparison = compare(TRUTH, [detected(*each) for each in detections])
    assert len(comparison.hits) == hits
    assert len(comparison.false_alarms) == false_alarms
    assert len(comparison.missed) == 3 - hits
    assert comparison.found == hits / 3


def test_the_bundled_recording_is_what_its_readme_says() -> None:
    truth = read_truth(RECORDING / "commands.tsv")
    length = soundfile.info(RECORDING / "commands.flac").frames
    keywords = [word for word in truth if word.keyword]
    assert len(keywords) == 65
    assert len(truth) - len(keywords) == 32
    words = "yes no up down left right on off stop go"
    assert {word.word for word in keywords} == set(words.split())
    previous_end = 0
    for word in truth:
        gap = word.clip_start - previous_end
        assert 0.3 * 16000 <= gap <= 2.0 * 16000
        assert word.clip_start <= word.start < word.end <= word.clip_end
        previous_end = word.clip_end
    assert previous_end <= length
