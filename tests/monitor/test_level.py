"""The level meter."""

from kws.monitor.level import LevelMeter


def test_the_peak_stays_and_then_falls_to_the_level() -> None:
    meter = LevelMeter()
    meter.add(-10.0, 100.0)
    peaks: list[float] = []
    for step in range(1, 51):
        meter.add(-40.0, 100.0 + step / 10)
        peak = meter.peak(100.0 + step / 10)
        assert peak is not None
        peaks.append(peak)
    assert meter.level(105.0) == -40.0
    assert peaks[9] == -10.0
    levels = [peak for peak in peaks if peak is not None]
    assert len(levels) == len(peaks)
    assert -40.0 < levels[24] < -10.0
    assert levels == sorted(levels, reverse=True)
    assert peaks[-1] == -40.0


def test_a_louder_block_is_the_new_peak() -> None:
    meter = LevelMeter()
    for level in (-40.0, -20.0, -30.0):
        meter.add(level, 1.0)
    assert meter.peak(1.0) == -20.0


def test_without_blocks_there_is_no_level() -> None:
    meter = LevelMeter()
    assert meter.level(0.0) is None
    meter.add(-30.0, 5.0)
    assert meter.level(5.5) == -30.0
    assert meter.level(9.0) is None
    assert meter.peak(9.0) is None


def test_zeros_are_told_from_a_quiet_room() -> None:
    meter = LevelMeter()
    assert not meter.silent(0.0)
    meter.add(-120.0, 1.0)
    assert meter.silent(1.0)
    meter.add(-75.0, 1.1)
    assert not meter.silent(1.1)
