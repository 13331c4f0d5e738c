"""Many streams at once: each hears what it would hear alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from kws import Detection, Model, MultiSpotter, Spotter, Stream
from kws.errors import ConfigError

LENGTH = 48000
SHIFTS = (0, 31000, 64000)


@pytest.fixture(scope="module")
def signals(noise: np.ndarray) -> list[np.ndarray]:
    """Three different signals (48000,)."""
    return [noise[shift : shift + LENGTH] for shift in SHIFTS]


@pytest.fixture(scope="module")
def singles(tiny_model: Model, signals: list[np.ndarray]) -> list[list[Detection]]:
    """What a spotter of its own finds in each."""
    found = []
    for signal in signals:
        spotter = Spotter(tiny_model)
        found.append(spotter.feed(signal) + spotter.flush())
    return found


def together(
    spotter: MultiSpotter,
    streams: list[Stream],
    signals: list[np.ndarray],
    cuts: list[list[int]],
) -> list[list[Detection]]:
    """Feed each signal to its stream, cut in its own way, as many calls as the most cuts ask for.

    A stream whose pieces have run out is not fed any more.
    """
    pieces = [np.split(s, sorted(c)) for s, c in zip(signals, cuts, strict=True)]
    found: dict[Stream, list[Detection]] = {stream: [] for stream in streams}
    for turn in range(max(map(len, pieces))):
        due = {s: p[turn] for s, p in zip(streams, pieces, strict=True) if turn < len(p)}
        for stream, detections in spotter.feed(due).items():
            found[stream] += detections
    for stream, detections in spotter.flush(streams).items():
        found[stream] += detections
    return [found[stream] for stream in streams]


def assert_same(found: list[Detection], expected: list[Detection]) -> None:
    """The same detections, and scores that agree up to rounding."""
    assert [replace(d, score=0) for d in found] == [replace(d, score=0) for d in expected]
    assert [d.score for d in found] == pytest.approx([d.score for d in expected], abs=1e-5)


def test_there_is_something_to_find(singles: list[list[Detection]]) -> None:
    assert all(len(found) > 1 for found in singles)
    assert singles[0] != singles[1] != singles[2]


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.lists(st.integers(0, LENGTH), max_size=12), min_size=3, max_size=3),
    lanes=st.sampled_from([1, 2, 5]),
)
def test_each_stream_hears_what_a_spotter_hears(
    tiny_model: Model,
    signals: list[np.ndarray],
    singles: list[list[Detection]],
    cuts: list[list[int]],
    lanes: int,
) -> None:
    spotter = MultiSpotter(tiny_model, lanes=lanes)
    streams = [spotter.add() for _ in signals]
    for found, expected in zip(together(spotter, streams, signals, cuts), singles, strict=True):
        assert_same(found, expected)
    assert [stream.position for stream in streams] == [LENGTH + 8000] * 3


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.lists(st.integers(0, LENGTH), max_size=8), min_size=3, max_size=3))
def test_company_and_cuts_change_nothing_to_the_bit(
    tiny_model: Model, signals: list[np.ndarray], cuts: list[list[int]]
) -> None:
    crowd = MultiSpotter(tiny_model, lanes=2)
    found = together(crowd, [crowd.add() for _ in signals], signals, cuts)
    for place, signal in enumerate(signals):
        alone = MultiSpotter(tiny_model, lanes=2)
        stream = [alone.add() for _ in signals][place]
        assert together(alone, [stream], [signal], [[]]) == [found[place]]


@settings(max_examples=10, deadline=None)
@given(at=st.integers(0, LENGTH), which=st.integers(0, 2))
def test_a_reset_concerns_one_stream(
    tiny_model: Model,
    signals: list[np.ndarray],
    singles: list[list[Detection]],
    at: int,
    which: int,
) -> None:
    spotter, plain = MultiSpotter(tiny_model), Spotter(tiny_model)
    streams = [spotter.add() for _ in signals]
    found: dict[Stream, list[Detection]] = {stream: [] for stream in streams}
    for half in (0, 1):
        halves = [signal[:at] if half == 0 else signal[at:] for signal in signals]
        for stream, detections in spotter.feed(dict(zip(streams, halves, strict=True))).items():
            found[stream] += detections
        if half == 0:
            streams[which].reset("test", advance=1000)
    for stream, detections in spotter.flush().items():
        found[stream] += detections
    expected = list(singles)
    before = plain.feed(signals[which][:at])
    plain.stream.reset("test", advance=1000)
    expected[which] = before + plain.feed(signals[which][at:]) + plain.flush()
    for stream, heard in zip(streams, expected, strict=True):
        assert_same(found[stream], heard)
    assert [sum(stream.resets.values()) for stream in streams].count(0) == 2


def test_samples_that_are_no_numbers_concern_one_stream(
    tiny_model: Model, signals: list[np.ndarray], singles: list[list[Detection]]
) -> None:
    spotter, plain = MultiSpotter(tiny_model), Spotter(tiny_model)
    broken = signals[1].copy()
    broken[20000:20100] = np.nan
    broken[30000] = np.inf
    streams = [spotter.add() for _ in signals]
    found = together(spotter, streams, [signals[0], broken, signals[2]], [[], [], []])
    expected = plain.feed(broken) + plain.flush()
    for heard, wanted in zip(found, [singles[0], expected, singles[2]], strict=True):
        assert_same(heard, wanted)
    assert [stream.nonfinite for stream in streams] == [0, 101, 0]


def test_streams_come_and_go(
    tiny_model: Model, signals: list[np.ndarray], singles: list[list[Detection]]
) -> None:
    spotter = MultiSpotter(tiny_model, lanes=2)
    first, second, third = (spotter.add() for _ in signals)
    begun = spotter.feed({third: signals[2][:20000], first: signals[0][:7000]})[third]
    spotter.remove(first)
    late = spotter.add()
    assert set(spotter.streams) == {late, second, third}
    found = spotter.feed({late: signals[0], third: signals[2][20000:]})
    rest = spotter.flush([late, third])
    assert_same(found[late] + rest[late], singles[0])
    assert_same(begun + found[third] + rest[third], singles[2])
    assert second.position == 0
    with pytest.raises(ValueError, match="no longer"):
        spotter.feed({second: signals[1], first: signals[0]})
    assert second.position == 0


def test_state_is_a_value_that_a_spotter_can_go_on_from(
    tiny_model: Model, signals: list[np.ndarray], singles: list[list[Detection]]
) -> None:
    spotter = MultiSpotter(tiny_model)
    stream, other = spotter.add(), spotter.add()
    first = spotter.feed({stream: signals[0][:20000], other: signals[1]})[stream]
    kept = stream.state
    spotter.feed({stream: signals[2], other: signals[1]})
    single = Spotter(tiny_model)
    single.stream.state = kept
    assert_same(first + single.feed(signals[0][20000:]) + single.flush(), singles[0])
    stream.state = kept
    rest = spotter.feed({stream: signals[0][20000:]})[stream] + spotter.flush([stream])[stream]
    assert_same(first + rest, singles[0])


def test_each_stream_has_settings_of_its_own(tiny_model: Model, signals: list[np.ndarray]) -> None:
    spotter = MultiSpotter(tiny_model)
    everything, stop, deaf = (
        spotter.add(),
        spotter.add(words=["stop"]),
        spotter.add(thresholds=0.999999),
    )
    rows: list[int] = []
    stop.observer = lambda row: rows.append(row.position)
    found = spotter.feed(dict.fromkeys(spotter.streams, signals[0]))
    assert len({detection.keyword for detection in found[everything]}) > 1
    assert {detection.keyword for detection in found[stop]} == {"stop"}
    assert found[deaf] == []
    assert len(rows) == (LENGTH - 832) // 640 + 1


def test_one_thread_of_the_blas_only_while_it_works(
    tiny_model: Model, signals: list[np.ndarray]
) -> None:
    def threads() -> set[int]:
        info = threadpool_info()
        return {library["num_threads"] for library in info if library["user_api"] == "blas"}

    with threadpool_limits(2, "blas"):
        spotter = MultiSpotter(tiny_model)
        stream = spotter.add()
        seen: list[set[int]] = []
        stream.observer = lambda row: seen.append(threads())
        before = threads()
        spotter.feed({stream: signals[0][:1600]})
        assert before == threads() == {2}
    assert seen == [{1}, {1}]


def test_what_makes_no_sense_is_refused_before_anything_is_heard(
    tiny_model: Model, signals: list[np.ndarray]
) -> None:
    spotter = MultiSpotter(tiny_model)
    good, bad = spotter.add(), spotter.add()
    with pytest.raises(ValueError, match="one-dimensional array of floats"):
        spotter.feed({good: signals[0], bad: np.zeros(4, np.int16)})
    assert good.position == 0
    with pytest.raises(ConfigError, match="did you mean 'yes'"):
        spotter.add(words=["yse"])
    assert spotter.streams == [good, bad]
    with pytest.raises(ValueError, match="at least 1"):
        MultiSpotter(tiny_model, lanes=0)
