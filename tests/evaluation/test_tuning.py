"""Thresholds for a wished rate, on traces whose best thresholds are known."""

import numpy as np
import pytest

from kws.corpus.matching import Placement
from kws.errors import ConfigError
from kws.evaluation.traces import Trace
from kws.evaluation.tuning import Heard, tune
from kws.spotting.model_spec import KeywordSettings, ModelSpec, NetworkSpec

SPEC = ModelSpec(
    name="test",
    labels=("_filler_", "yes", "no"),
    keywords=(
        KeywordSettings(word="yes", threshold=0.5, release=0.25, smoothing=1),
        KeywordSettings(word="no", threshold=0.5, release=0.25, smoothing=1),
    ),
    network=NetworkSpec(),
)


def heard(peaks: list[tuple[int, int, float]], rows: int, words: list[str] | None) -> Heard:
    """A stream of 0.1 s rows; clip i of `words` is at row 30 i, a peak is (row, keyword, score)."""
    posteriors = np.zeros((rows, 3))
    for row, keyword, score in peaks:
        posteriors[row, keyword + 1] = score
    trace = Trace(
        listener="test",
        keywords=list(SPEC.keywords),
        columns=[1, 2],
        decision=SPEC.decision,
        positions=np.arange(1, rows + 1) * 1600,
        posteriors=posteriors,
        scores=posteriors[:, 1:],
        detections=[],
    )
    placements = [
        Placement(word, f"{word}{i}", i * 48000, i * 48000 + 16000, i * 48000, i * 48000 + 8000)
        for i, word in enumerate(words or ())
    ]
    return Heard(trace, placements, rows / 36000, quiet=words is None)


def clips(yes: float, no: float, count: int = 20) -> Heard:
    """Clips of both words in turn; each is heard with its score 0.3 s after the word's end."""
    words = ["yes", "no"] * count
    peaks = [(30 * i + 7, i % 2, (yes, no)[i % 2]) for i in range(len(words))]
    return heard(peaks, 30 * len(words), words)


def test_the_lowest_threshold_that_keeps_to_the_rate() -> None:
    alarms = heard([(100 * i, 0, 0.7) for i in range(1, 9)] + [(2000, 0, 0.9)], 36000, None)
    settings, tuning = tune(SPEC, [clips(0.95, 0.95), alarms], wished=1.0, smoothings=(1,))
    assert all(0.7 < word.threshold < 0.75 for word in settings)
    assert all(word.release == pytest.approx(word.threshold / 2) for word in settings)
    assert (tuning.after.alarms, tuning.after.hours, tuning.after.misses) == (1, 1.0, 0)
    assert (tuning.before.alarms, tuning.before.misses) == (9, 0)
    strict, _ = tune(SPEC, [clips(0.95, 0.95), alarms], wished=0.5, smoothings=(1,))
    assert all(0.9 < word.threshold < 0.95 for word in strict)


def test_a_faint_word_gets_a_lower_threshold_but_not_all_the_way() -> None:
    alarms = heard([(100 * i, 0, 0.8) for i in range(1, 9)], 36000, None)
    settings, tuning = tune(SPEC, [clips(0.95, 0.79, 100), alarms], wished=0.0, smoothings=(1,))
    by_word = {word.word: word.threshold for word in settings}
    assert by_word["yes"] > 0.8 > 0.79 >= by_word["no"]
    assert tuning.after.misses == 0
    # Half of the wish: 100 clips against a shrinkage of 100.
    assert tuning.offsets["no"] == pytest.approx(-0.125)


def test_smoothing_is_chosen_where_it_helps() -> None:
    words = ["yes"] * 20
    long_peaks = [(30 * i + 7 + j, 0, 0.9) for i in range(20) for j in range(3)]
    clicks = heard([(100 * i, 0, 0.99) for i in range(1, 9)], 36000, None)
    stream = heard(long_peaks, 600, words)
    settings, tuning = tune(SPEC, [stream, clicks], wished=0.0, smoothings=(1, 3))
    assert tuning.smoothing == 3
    assert {word.smoothing for word in settings} == {3}
    assert tuning.after.misses == 0


def test_the_usual_delay_is_measured() -> None:
    settings, _ = tune(
        SPEC, [clips(0.95, 0.95), heard([], 36000, None)], wished=1.0, smoothings=(1,)
    )
    assert [word.end_offset for word in settings] == [8 * 1600 - 8000] * 2


def test_a_wish_that_no_threshold_grants() -> None:
    noisy = heard([(100 * i, 0, 1.0) for i in range(1, 9)], 36000, None)
    with pytest.raises(ConfigError, match="wish for more"):
        tune(SPEC, [clips(0.95, 0.95), noisy], wished=1.0, smoothings=(1,))
