"""Decisions: one utterance gives one detection, and two utterances give two."""

import numpy as np
import pytest

from kws.detect.detector import Detector
from kws.model.spec import DecisionSettings, KeywordSettings

ROW = 640  # samples, 40 ms


def detector(smoothing: int = 1, words: str = "ab", threshold: float = 0.6) -> Detector:
    keywords = [
        KeywordSettings(word=word, threshold=threshold, release=0.3, smoothing=smoothing)
        for word in words
    ]
    return Detector(keywords, DecisionSettings(refractory=4800, rearm=8000))


def fired(detector: Detector, rows: dict[int, list[float]], count: int) -> list[tuple[int, int]]:
    """(row, word) of every detection while `rows` of posteriors go in; other rows are zero."""
    silent = [0.0] * len(detector.thresholds)
    found = []
    for row in range(count):
        decision = detector.step(np.array(rows.get(row, silent)), row * ROW)
        if decision.fired is not None:
            found.append((row, decision.fired))
    return found


def test_fires_at_the_threshold_and_not_below() -> None:
    assert fired(detector(), {3: [0.59, 0]}, 10) == []
    assert fired(detector(), {3: [0.6, 0]}, 10) == [(3, 0)]


def test_score_is_the_mean_of_the_last_posteriors() -> None:
    smooth = detector(smoothing=3)
    posteriors = [0.9, 0.3, 0.6, 0.9]
    scores = [smooth.step(np.array([p, 0.0]), i * ROW).scores[0] for i, p in enumerate(posteriors)]
    assert scores == pytest.approx([0.3, 0.4, 0.6, 0.6])


def test_each_word_has_its_own_smoothing() -> None:
    keywords = [
        KeywordSettings(word="a", smoothing=1),
        KeywordSettings(word="b", smoothing=4),
    ]
    decision = Detector(keywords, DecisionSettings()).step(np.array([0.4, 0.4]), 0)
    assert decision.scores == pytest.approx([0.4, 0.1])


def test_score_that_stays_high_fires_once() -> None:
    rows = {row: [0.9, 0.0] for row in range(5, 200)}
    assert fired(detector(), rows, 250) == [(5, 0)]


def test_wavering_above_the_release_fires_once() -> None:
    rows = {row: [0.9 if row % 2 else 0.35, 0.0] for row in range(5, 200)}
    assert fired(detector(), rows, 250) == [(5, 0)]


def test_word_said_again_after_800_ms_fires_twice() -> None:
    rows = {row: [0.9, 0.0] for row in (5, 6, 7, 25, 26, 27)}
    assert fired(detector(), rows, 60) == [(5, 0), (25, 0)]


def test_same_word_waits_for_its_rearm_time() -> None:
    rows = {row: [0.9, 0.0] for row in (5, 15)}  # 400 ms apart, released in between
    assert fired(detector(), rows, 60) == [(5, 0)]


def test_no_word_fires_in_the_refractory_period() -> None:
    assert fired(detector(), {5: [0.9, 0.0], 12: [0.0, 0.9]}, 40) == [(5, 0)]  # 280 ms
    assert fired(detector(), {5: [0.9, 0.0], 13: [0.0, 0.9]}, 40) == [(5, 0), (13, 1)]  # 320 ms


def test_highest_margin_wins_and_the_other_is_spent() -> None:
    rows = {row: [0.7, 0.8] for row in range(5, 60)}
    assert fired(detector(), rows, 60) == [(5, 1)]


def test_margin_counts_not_score() -> None:
    keywords = [
        KeywordSettings(word="a", threshold=0.9, release=0.3, smoothing=1),
        KeywordSettings(word="b", threshold=0.5, release=0.3, smoothing=1),
    ]
    strict = Detector(keywords, DecisionSettings())
    assert strict.step(np.array([0.91, 0.8]), 0).fired == 1


def test_release_follows_a_changed_threshold() -> None:
    changed = detector()
    changed.thresholds[0] = 0.8
    assert changed.releases == pytest.approx([0.4, 0.3])


def test_snapshot_is_a_value() -> None:
    one = detector()
    one.step(np.array([0.9, 0.0]), 0)
    kept = one.snapshot()
    assert one.step(np.array([0.0, 0.9]), 4800).fired == 1
    one.restore(kept)
    assert one.step(np.array([0.0, 0.9]), 4800).fired == 1
    one.reset()
    assert one.step(np.array([0.9, 0.0]), 4801).fired == 0
