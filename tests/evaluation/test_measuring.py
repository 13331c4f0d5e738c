"""Figures of a stream that can be counted by hand."""

import dataclasses

import numpy as np
import pytest

from kws.corpus.matching import Placement
from kws.evaluation.measuring import measure_clips
from kws.evaluation.streams import MeasuredStream
from kws.evaluation.traces import Trace
from kws.spotting.detection import Detection
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

SECOND = 16000


def said(word: str, start: int) -> Placement:
    """A clip of a second, the word in its middle."""
    return Placement(
        word, f"{word}@{start}", start, start + SECOND, start + 4000, start + SECOND - 4000
    )


def heard(keyword: str, placed: Placement) -> Detection:
    """A detection 100 ms after the end of a word, bounds and all."""
    return Detection(
        keyword=keyword,
        score=0.9,
        threshold=0.5,
        start=placed.word_start + 160,
        end=placed.word_end - 320,
        fired=placed.word_end + 1600,
        level_dbfs=-20,
    )


def trace_of(detections: list[Detection], seconds: int) -> Trace:
    words = ("yes", "no")
    positions = np.arange(1, seconds * 10) * 1600
    scores = np.zeros((len(positions), len(words)))
    return Trace(
        listener="test",
        keywords=[
            KeywordSettings(word=word, threshold=0.5, release=0.25, smoothing=1) for word in words
        ],
        columns=[0, 1],
        decision=DecisionSettings(),
        positions=positions,
        posteriors=scores,
        scores=scores,
        detections=detections,
    )


def test_a_stream_that_can_be_counted_by_hand() -> None:
    clips = [said(word, 3 * SECOND * n) for n, word in enumerate(("yes", "no", "no", "bed", "yes"))]
    for cut in (1, 2, 4):
        clips[cut] = dataclasses.replace(clips[cut], cut_off=True)
    detections = [
        heard("yes", clips[0]),
        heard("no", clips[1]),
        heard("yes", clips[2]),
        heard("no", clips[3]),
    ]
    stream = MeasuredStream("clean", np.zeros(15 * SECOND, np.float32), clips)
    result = measure_clips(stream, trace_of(detections, 15), None, seed=1)
    assert (result.keywords, result.others, result.misses) == (4, 1, 2)
    assert (result.cut_off.clips, result.cut_off.misses) == (3, 2)
    assert {word: (each.clips, each.misses) for word, each in result.words.items()} == {
        "yes": (2, 1),
        "no": (2, 1),
    }
    assert result.alarms == {"wrong word": 1, "other word": 1, "double": 0, "background": 0}
    assert result.errors_per_clip == pytest.approx(2 / 5)
    assert result.latency_p50_ms == pytest.approx(100)
    assert (result.start_error_ms, result.end_error_ms) == (10, 20)
    assert [(event.said, event.heard) for event in result.missed] == [("no", "yes"), ("yes", "")]
