"""Deciding again on recorded scores gives what the spotter itself decided."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kws import Spotter
from kws.evaluation.listeners import SpotterListener
from kws.evaluation.traces import log_odds, shifted, sigmoid, with_threshold
from kws.spotting.detector import Detector
from kws.spotting.model import Model
from kws.spotting.model_spec import DecisionSettings, KeywordSettings
from kws.spotting.redecision import decide_again, smooth

WORDS = [
    KeywordSettings(word="yes", threshold=0.6, release=0.3, smoothing=3),
    KeywordSettings(word="no", threshold=0.5, release=0.45, smoothing=1),
]


def silent(_samples: int) -> None:
    """Progress that nobody watches."""


def test_a_listener_hears_what_the_spotter_hears(tiny_model: Model, noise: np.ndarray) -> None:
    spotter = Spotter(tiny_model)
    expected = spotter.feed(noise) + spotter.flush()
    heard: list[int] = []
    trace = SpotterListener(tiny_model).listen(noise, heard.append)[0]
    assert expected
    assert list(trace.detections) == expected
    assert sum(heard) == len(noise)
    assert trace.posteriors.shape == (len(trace.positions), 4)
    assert trace.scores.shape == (len(trace.positions), 3)


def test_replay_with_the_same_settings_fires_as_the_spotter_did(
    tiny_model: Model, noise: np.ndarray
) -> None:
    trace = SpotterListener(tiny_model).listen(noise, silent)[0]
    trials = decide_again(trace.positions, trace.scores, trace.keywords, trace.decision)
    assert [(t.keyword, t.fired) for t in trials] == [
        (d.keyword, d.fired) for d in trace.detections
    ]


def test_replay_with_other_thresholds_fires_as_a_spotter_with_them_would(
    tiny_model: Model, noise: np.ndarray
) -> None:
    trace = SpotterListener(tiny_model).listen(noise, silent)[0]
    moved = shifted(trace.keywords, 1.0)
    spotter = Spotter(tiny_model, thresholds={word.word: word.threshold for word in moved})
    expected = spotter.feed(noise) + spotter.flush()
    trials = decide_again(trace.positions, trace.scores, moved, trace.decision)
    assert [(t.keyword, t.fired) for t in trials] == [(d.keyword, d.fired) for d in expected]
    assert 0 < len(trials) < len(trace.detections)


@given(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 80), st.just(2)), elements=st.floats(0, 1))
)
@settings(max_examples=60, deadline=None)
def test_replay_decides_as_the_detector_does_row_by_row(scores: np.ndarray) -> None:
    decision = DecisionSettings(refractory=640, rearm=960)
    positions = np.arange(1, len(scores) + 1) * 320
    plain = [
        KeywordSettings(word=w.word, threshold=w.threshold, release=w.release, smoothing=1)
        for w in WORDS
    ]
    detector = Detector(plain, decision)
    state, expected = detector.initial_state(), []
    for position, row in zip(positions, scores, strict=True):
        decisions, state = detector.step(row[None], [int(position)], state)
        expected += [(WORDS[word].word, int(position)) for _, word in decisions.fired]
    trials = decide_again(positions, scores, WORDS, decision)
    assert [(trial.keyword, trial.fired) for trial in trials] == expected


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_smoothing_is_that_of_the_detector(rows: int) -> None:
    posteriors = np.random.default_rng(4).uniform(0, 1, (30, 1))
    detector = Detector([KeywordSettings(word="yes", smoothing=rows)], DecisionSettings())
    expected = detector.step(posteriors, range(30), detector.initial_state())[0].scores
    assert smooth(posteriors, rows) == pytest.approx(expected, abs=1e-12)


def test_log_odds_and_back() -> None:
    assert log_odds(0.5) == 0
    assert sigmoid(log_odds(0.93)) == pytest.approx(0.93)


def test_the_release_moves_in_proportion() -> None:
    moved = with_threshold(WORDS[0], 0.9)
    assert (moved.threshold, moved.release) == pytest.approx((0.9, 0.45))
