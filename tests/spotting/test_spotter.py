"""The chain: the same samples give the same detections, whatever happens around them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kws
from kws import Detection, Model, Spotter
from kws.errors import ConfigError
from kws.spotting.spotter import Row


def detections(spotter: Spotter, signal: np.ndarray, cuts: list[int]) -> list[Detection]:
    found = []
    for piece in np.split(signal, sorted(cuts)):
        found += spotter.feed(piece)
    return found + spotter.flush()


@pytest.fixture(scope="module")
def whole(tiny_model: Model, noise: np.ndarray) -> list[Detection]:
    """What one call finds in the noise."""
    spotter = Spotter(tiny_model)
    return detections(spotter, noise, [])


def test_the_noise_makes_the_tiny_model_fire(whole: list[Detection]) -> None:
    """Otherwise the tests below would compare nothing with nothing."""
    assert len(whole) > 5
    assert len({detection.keyword for detection in whole}) > 1


def test_again_after_reset(tiny_model: Model, noise: np.ndarray, whole: list[Detection]) -> None:
    spotter = Spotter(tiny_model)
    detections(spotter, noise, [])
    before = spotter.stream.position
    spotter.stream.reset("test")
    again = detections(spotter, noise, [])
    assert spotter.stream.position == 2 * before
    assert [d.score for d in again] == [d.score for d in whole]
    assert [d.fired - before for d in again] == [d.fired for d in whole]
    assert [d.end - before for d in again] == [d.end for d in whole]


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 128000), max_size=30))
def test_any_chunking(
    tiny_model: Model, noise: np.ndarray, whole: list[Detection], cuts: list[int]
) -> None:
    assert detections(Spotter(tiny_model), noise, cuts) == whole


@pytest.mark.parametrize("size", [1, 7, 160, 4096])
def test_even_chunks(tiny_model: Model, noise: np.ndarray, size: int) -> None:
    part = noise[:16000] if size == 1 else noise
    cuts = list(range(size, len(part), size))
    expected = detections(Spotter(tiny_model), part, [])
    assert detections(Spotter(tiny_model), part, cuts) == expected


@settings(max_examples=15, deadline=None)
@given(at=st.integers(0, 128000), other_seed=st.integers(0, 9))
def test_snapshot_and_restore(
    tiny_model: Model, noise: np.ndarray, whole: list[Detection], at: int, other_seed: int
) -> None:
    spotter = Spotter(tiny_model)
    first = spotter.feed(noise[:at])
    kept = spotter.stream.state
    spotter.feed(np.random.default_rng(other_seed).uniform(-1, 1, 20000))

    other = Spotter(tiny_model)
    for resumed in (spotter, other):
        resumed.stream.state = kept
        assert first + resumed.feed(noise[at:]) + resumed.flush() == whole


@settings(max_examples=20, deadline=None)
@given(
    runs=st.lists(st.tuples(st.integers(0, 32000), st.integers(1, 500)), min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 32000), max_size=6),
    value=st.sampled_from([np.nan, np.inf, -np.inf, 1e13, -3e38]),
)
def test_samples_that_are_no_numbers(
    tiny_model: Model,
    noise: np.ndarray,
    runs: list[tuple[int, int]],
    cuts: list[int],
    value: float,
) -> None:
    """They are counted, reset the state at their place for any cut, and time goes on."""
    signal = noise[:32000].copy()
    for start, length in runs:
        signal[start : start + length] = value
    unsound = ~np.isfinite(signal) | (np.abs(signal) > 1)
    bad = int(unsound.sum())
    spotter, again = Spotter(tiny_model), Spotter(tiny_model)
    assert detections(spotter, signal, []) == detections(again, signal, cuts)
    assert spotter.stream.nonfinite == again.stream.nonfinite == bad
    assert (spotter.stream.resets["nonfinite"] > 0) == (bad > 0)
    assert spotter.stream.position == 32000 + 8000

    last = int(np.flatnonzero(unsound)[-1]) + 1 if bad else 0
    fresh = Spotter(tiny_model)
    fresh.stream.reset("test", advance=last)
    tail = detections(fresh, signal[last:], [])
    assert tail == [d for d in detections(Spotter(tiny_model), signal, []) if d.fired > last]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_samples_that_are_no_numbers_in_any_type_of_floats(
    tiny_model: Model, noise: np.ndarray, kind: type[np.floating]
) -> None:
    signal = noise[:16000].astype(kind)
    signal[[3000, 8000]] = np.inf, np.nan
    spotter = Spotter(tiny_model)
    rows: list[np.ndarray] = []
    spotter.stream.observer = lambda row: rows.append(row.posteriors)
    spotter.feed(signal)
    assert spotter.stream.nonfinite == 2
    assert np.isfinite(rows).all()
    assert len(rows) > 15


def test_gap_moves_the_position_on(tiny_model: Model, noise: np.ndarray) -> None:
    spotter = Spotter(tiny_model)
    spotter.stream.reset("overrun", advance=100_000)
    shifted = detections(spotter, noise, [])
    plain = detections(Spotter(tiny_model), noise, [])
    assert [d.fired for d in shifted] == [d.fired + 100_000 for d in plain]
    assert spotter.stream.resets == {"overrun": 1}


def test_positions_are_in_order(whole: list[Detection]) -> None:
    for detection in whole:
        assert 0 <= detection.start <= detection.end <= detection.fired
        assert -120 <= detection.level_dbfs <= 0
        assert detection.threshold <= detection.score <= 1


def test_observer_sees_every_row(tiny_model: Model, noise: np.ndarray) -> None:
    rows: list[Row] = []
    spotter = Spotter(tiny_model)
    spotter.stream.observer = rows.append
    spotter.feed(noise[:16000])
    step = tiny_model.spec.row_samples
    first = (tiny_model.spec.network.block - 1) * 320 + 512
    assert [row.position for row in rows] == list(range(first, 16001, step))
    for row in rows:
        assert row.posteriors.sum() == pytest.approx(1, abs=1e-5)
        assert len(row.scores) == len(spotter.stream.keywords)


def test_only_chosen_words_fire(tiny_model: Model, noise: np.ndarray) -> None:
    spotter = Spotter(tiny_model, words=["stop"])
    assert spotter.stream.keywords == ["stop"]
    found = detections(spotter, noise, [])
    assert {detection.keyword for detection in found} == {"stop"}


def test_threshold_decides(tiny_model: Model, noise: np.ndarray) -> None:
    spotter = Spotter(tiny_model, thresholds={"no": 0.999999})
    assert spotter.stream.thresholds["no"] == 0.999999
    assert spotter.stream.thresholds["yes"] == 0.4
    assert "no" not in {detection.keyword for detection in detections(spotter, noise, [])}
    assert detections(Spotter(tiny_model, thresholds=0.999999), noise, []) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"words": ["yse"]}, "did you mean 'yes'"),
        ({"words": []}, "no word"),
        ({"thresholds": {"hello": 0.5}}, "choose from yes, no, stop"),
        ({"thresholds": 1.0}, "between 0 and 1"),
        ({"thresholds": {"no": float("nan")}}, "between 0 and 1"),
    ],
)
def test_senseless_settings(tiny_model: Model, arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Spotter(tiny_model, **arguments)


@pytest.mark.parametrize("samples", [np.zeros(4, np.int16), np.zeros((4, 2)), 0.0])
def test_samples_of_another_kind_are_refused(tiny_model: Model, samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one-dimensional array of floats"):
        Spotter(tiny_model).feed(samples)


def test_public_names() -> None:
    for name in kws.__all__:
        assert getattr(kws, name).__name__ == name
    with pytest.raises(AttributeError):
        kws.Nothing  # noqa: B018
