"""Trade-off curves on streams that can be counted by hand."""

import numpy as np
import pytest

from kws.corpus.matching import Placement
from kws.evaluation.curves import Sweep, sweep, trade_off
from kws.evaluation.traces import Trace, log_odds
from kws.spotting.model_spec import DecisionSettings, KeywordSettings

MINUTE = 960000
SHIFTS = (-1.0, 0.0, 1.0, 2.0)


def trace_of(peaks: dict[int, float], minutes: int) -> Trace:
    """A word whose score is 0 but for some rows, one row every 0.1 s."""
    rows = max(0, minutes * 600 - 1)
    scores = np.zeros((rows, 1))
    for row, score in peaks.items():
        scores[row] = score
    return Trace(
        listener="test",
        keywords=[KeywordSettings(word="yes", threshold=0.5, release=0.25, smoothing=1)],
        columns=[0],
        decision=DecisionSettings(),
        positions=np.arange(1, rows + 1) * 1600,
        posteriors=scores,
        scores=scores,
        detections=[],
    )


def at(shift: float) -> float:
    """A score that just reaches the threshold at `shift`."""
    return float(1 / (1 + np.exp(-(log_odds(0.5) + shift)))) + 1e-9


def clip(row: int) -> Placement:
    start = row * 1600
    return Placement("yes", f"clip {row}", start, start + 16000, start, start + 16000)


def test_a_sweep_counts_hits_by_clip_and_alarms_by_minute() -> None:
    peaks = {5: at(0.0), 105: at(2.0), 700: at(1.0), 1300: at(-1.0)}
    swept = sweep(trace_of(peaks, 3), [clip(0), clip(100), clip(200)], 3 / 60, SHIFTS)
    assert swept.hits.tolist() == [
        [True, True, False],
        [True, True, False],
        [False, True, False],
        [False, True, False],
    ]
    assert swept.alarms.tolist() == [[0, 1, 1], [0, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert swept.alarms_per_hour.tolist() == pytest.approx([40, 20, 20, 0])


def test_nothing_heard_is_no_alarm() -> None:
    swept = sweep(trace_of({}, 0), [clip(0)], 1.0, SHIFTS)
    assert not swept.hits.any()
    assert swept.alarms_per_hour.tolist() == [0, 0, 0, 0]


def test_readings_are_those_of_the_best_setting_that_keeps_to_the_target() -> None:
    hits = np.array([[1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0]], np.bool_)
    alarms = np.array([[4, 4], [2, 2], [1, 0], [1, 0]])
    curve = trade_off(hits, Sweep(hits, alarms, 2.0), 1, SHIFTS, (0.4, 0.5, 3.0, 10.0))
    assert curve.miss_rate == [0, 0.25, 0.5, 1]
    assert curve.alarms_per_hour == [4, 2, 0.5, 0.5]
    assert [reading.miss_rate for reading in curve.readings] == [None, 0.5, 0.25, 0]
    for reading in curve.readings[1:]:
        assert reading.low is not None and reading.high is not None
        assert 0 <= reading.low <= (reading.miss_rate or 0) <= reading.high <= 1


def test_bands_narrow_with_more_clips() -> None:
    alarms = np.zeros((1, 60), np.int64)
    widths = []
    for clips in (40, 4000):
        hits = np.arange(clips)[None] % 4 != 0
        curve = trade_off(hits, Sweep(hits, alarms, 1.0), 1, (0.0,), (1.0,))
        widths.append(curve.miss_high[0] - curve.miss_low[0])
        assert curve.miss_low[0] < 0.25 < curve.miss_high[0]
    assert widths[1] < widths[0] / 5
