"""Decisions: one utterance gives one detection, and two utterances give two."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kws.spotting.detector import Decisions, Detector
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

ROW = 640  # samples, 40 ms


def detector(smoothing: int = 1, words: str = "ab", threshold: float = 0.6) -> Detector:
    keywords = [
        KeywordSettings(word=word, threshold=threshold, release=0.3, smoothing=smoothing)
        for word in words
    ]
    return Detector(keywords, DecisionSettings(refractory=4800, rearm=8000))


def fired(detector: Detector, rows: dict[int, list[float]], count: int) -> list[tuple[int, int]]:
    """(row, word) of every detection while `rows` of posteriors go in; other rows are zero."""
    posteriors = np.zeros((count, len(detector.thresholds)))
    for row, values in rows.items():
        posteriors[row] = values
    return decide(detector, posteriors, range(0, count * ROW, ROW)).fired


def decide(detector: Detector, posteriors: np.ndarray, positions: Sequence[int]) -> Decisions:
    """What comes of some rows at the start of a stream."""
    return detector.step(posteriors, positions, detector.initial_state())[0]


def test_fires_at_the_threshold_and_not_below() -> None:
    assert fired(detector(), {3: [0.59, 0]}, 10) == []
    assert fired(detector(), {3: [0.6, 0]}, 10) == [(3, 0)]


def test_score_is_the_mean_of_the_last_posteriors() -> None:
    smooth = detector(smoothing=3)
    posteriors = [0.9, 0.3, 0.6, 0.9]
    rows = np.array([[posterior, 0.0] for posterior in posteriors])
    scores = decide(smooth, rows, range(0, 4 * ROW, ROW)).scores
    assert scores[:, 0] == pytest.approx([0.3, 0.4, 0.6, 0.6])


def test_each_word_has_its_own_smoothing() -> None:
    keywords = [
        KeywordSettings(word="a", smoothing=1),
        KeywordSettings(word="b", smoothing=4),
    ]
    decisions = decide(Detector(keywords, DecisionSettings()), np.array([[0.4, 0.4]]), [0])
    assert decisions.scores[0] == pytest.approx([0.4, 0.1])


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
    assert fired(strict, {0: [0.91, 0.8]}, 1) == [(0, 1)]


def test_release_follows_a_changed_threshold() -> None:
    changed = detector()
    changed.thresholds[0] = 0.8
    assert changed.releases == pytest.approx([0.4, 0.3])


def test_state_is_a_value() -> None:
    one = detector()
    first, second = np.array([[0.9, 0.0]]), np.array([[0.0, 0.9]])
    _, state = one.step(first, [0], one.initial_state())
    for _ in range(2):  # going on from it does not change it
        decisions, later = one.step(second, [4800], state)
        assert decisions.fired == [(0, 1)]
    assert one.step(second, [4801], later)[0].fired == []
    assert one.step(first, [4801], one.initial_state())[0].fired == [(0, 0)]


def by_the_rules(
    scores: np.ndarray, keywords: list[KeywordSettings], decision: DecisionSettings
) -> list[tuple[int, int]]:
    """What the docstring of `Detector` says, a row and a word at a time."""
    armed = dict.fromkeys(range(len(keywords)), True)
    last: dict[int, int] = {}
    fired = []
    for row, position in enumerate(range(0, len(scores) * ROW, ROW)):
        margins = {}
        for word, keyword in enumerate(keywords):
            armed[word] |= bool(scores[row, word] < keyword.release)
            waits = word in last and position - last[word] < decision.rearm
            if armed[word] and not waits and scores[row, word] >= keyword.threshold:
                margins[word] = scores[row, word] - keyword.threshold
        if margins and position - max(last.values(), default=-(10**9)) >= decision.refractory:
            word = max(margins, key=margins.__getitem__)
            fired.append((row, word))
            last[word] = position
            armed = {w: bool(scores[row, w] < keywords[w].release) for w in armed}
    return fired


@settings(max_examples=60, deadline=None)
@given(
    smoothing=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 120), max_size=20),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_cut_gives_the_same_bits_by_the_rules(
    smoothing: list[int], cuts: list[int], seed: int
) -> None:
    keywords = [
        KeywordSettings(word=str(index), threshold=0.5 + 0.1 * index, release=0.3, smoothing=rows)
        for index, rows in enumerate(smoothing)
    ]
    rng = np.random.default_rng(seed)
    # Stretches of rows in which words are likely, and of rows in which they are not.
    loud = np.repeat(rng.uniform(0, 1, 12) ** 2, 10)[:, None]
    posteriors = np.minimum(rng.uniform(0, 2, (120, len(keywords))) * loud, 1)
    positions = np.arange(120) * ROW
    detector = Detector(keywords, DecisionSettings())
    whole, _ = detector.step(posteriors, positions, detector.initial_state())
    state = detector.initial_state()
    scores, found = [], []
    for rows in np.split(np.arange(120), sorted(cuts)):
        decisions, state = detector.step(posteriors[rows], positions[rows], state)
        scores.append(decisions.scores)
        found += [(int(rows[row]), word) for row, word in decisions.fired]
    assert np.array_equal(np.concatenate(scores), whole.scores)
    assert found == whole.fired == by_the_rules(whole.scores, keywords, DecisionSettings())
