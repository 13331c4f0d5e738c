"""The comparison of one unbroken state with timed resets, on days of a few minutes."""

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest

from kws.corpus.matching import Placement
from kws.evaluation.materials import Folders, Material, read_material
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.lstm import StatefulLstm, weight_shapes
from kws.spotting.model import Model
from kws.spotting.model_spec import DecisionSettings, KeywordSettings, NetworkSpec
from kws.spotting.spotter import Spotter
from studies.day_of_audio import Days, Scene
from studies.state_comparison import MARGIN, Heard, Report, compare, near_reset, paired
from studies.state_over_days import WatchedLstm, feed_with_resets, hear
from studies.state_report import draw, tables

RATE = 16000
PERIOD = 10 * RATE
WORDS = ["yes", "no", "stop"]
HOURS = 0.03


@pytest.fixture(scope="module")
def material(corpus_folder: Path, talk_folder: Path, cache: Path) -> Material:
    return read_material(Folders(corpus_folder, (talk_folder,)), "testing", WORDS, cache)


@pytest.fixture(scope="module")
def scenes(material: Material) -> list[Scene]:
    return list(Days(material, WORDS, spacing=8, seed=3).scenes(HOURS))


def test_the_seed_decides(material: Material, scenes: list[Scene]) -> None:
    again = list(Days(material, WORDS, spacing=8, seed=3).scenes(HOURS))
    assert [scene.placements for scene in again] == [scene.placements for scene in scenes]
    assert all(
        np.array_equal(one.samples, other.samples) for one, other in zip(again, scenes, strict=True)
    )
    other = Days(material, WORDS, spacing=8, seed=4).scenes(HOURS)
    assert [scene.placements for scene in other] != [scene.placements for scene in scenes]


def test_scenes_follow_each_other_and_hold_all_that_is_placed(scenes: list[Scene]) -> None:
    position = 0
    for scene in scenes:
        assert scene.start == position
        position += len(scene.samples)
        for placed in scene.placements:
            assert scene.start <= placed.clip_start < placed.clip_end <= position
    placements = [placed for scene in scenes for placed in scene.placements]
    for left, right in itertools.pairwise(placements):
        assert left.clip_end < right.clip_start
    assert position >= HOURS * 3600 * RATE


def test_keywords_come_from_the_testing_part_and_each_as_often(
    material: Material, scenes: list[Scene]
) -> None:
    said = [placed for scene in scenes for placed in scene.placements if placed.word]
    assert {placed.name for placed in said} <= {clip.name for clip in material.clips}
    counts = [sum(placed.word == word for placed in said) for word in WORDS]
    assert max(counts) - min(counts) <= 1
    # The mean distance of 8 s, and what a sentence that is in the way adds.
    seconds = sum(len(scene.samples) for scene in scenes) / RATE
    assert seconds / 12 < len(said) < seconds / 6


def test_resets_come_at_whole_periods_however_the_audio_is_cut(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    spotter = Spotter(tiny_model)
    at: list[int] = []
    reset = spotter.stream.reset

    def noted(reason: str, advance: int = 0) -> None:
        at.append(spotter.stream.position)
        reset(reason, advance)

    monkeypatch.setattr(spotter.stream, "reset", noted)
    for length in (1, 700, 3000, 0, 2299, 4000, 5001):
        list(feed_with_resets(spotter, np.zeros(length, np.float32), 3000))
    assert at == [3000, 6000, 9000, 12000, 15000]
    assert spotter.stream.resets["timer"] == 5


@pytest.mark.parametrize(
    ("start", "end", "near"),
    [
        (PERIOD + MARGIN + 1, 2 * PERIOD - MARGIN - 1, False),
        (PERIOD + MARGIN + 1, 2 * PERIOD - MARGIN, True),
        (PERIOD + MARGIN - 1, PERIOD + 2 * MARGIN, True),
        (PERIOD - 100, PERIOD + 100, True),
    ],
)
def test_which_words_are_near_a_reset(start: int, end: int, near: bool) -> None:
    assert near_reset(Placement("yes", "a", start, end, start, end), PERIOD) == near


def test_difference_of_pairs() -> None:
    """Nine disagreements, eight of them one way: 2 * (1 + 9) / 2**9."""
    result = paired(8, 1, 100)
    assert result.difference == pytest.approx(0.07)
    assert result.p_value == pytest.approx(20 / 512)
    assert 0 < result.low < 0.07 < result.high <= 0.09
    even = paired(0, 0, 100)
    assert (even.difference, even.p_value) == (0, 1)
    assert even.high == pytest.approx(0.03, abs=0.001)


def test_a_state_that_fills_is_seen(tiny_model: Model) -> None:
    """Gates wide open: c grows by one in every row, h is the tangent of it."""
    model = model_with(tiny_model, forget=100.0)
    watched = WatchedLstm(model)
    frames = np.zeros((4, 40), np.float32)
    state = watched.initial_state()
    plain = StatefulLstm(model.spec.network, model.weights, 40, len(model.spec.labels))
    for row in range(4):
        posteriors, state = watched.step(frames[row : row + 1], state)
    (layer,) = watched.take()
    assert layer.cell == pytest.approx(2.5)
    assert layer.largest == pytest.approx(4)
    assert layer.hidden == pytest.approx(np.tanh([1, 2, 3, 4]).mean(), rel=1e-5)
    assert np.array_equal(posteriors[-1], plain.step(frames, plain.initial_state())[0][-1])
    watched.step(frames[:1], watched.initial_state())
    assert watched.take()[0].largest == pytest.approx(1)


def test_without_a_memory_resets_change_nothing_away_from_them(
    tiny_model: Model, scenes: list[Scene]
) -> None:
    model = model_with(tiny_model, forget=-100.0, seed=6)
    heard = hear(scenes, model, PERIOD)
    unbroken, broken = (
        [(found.keyword, found.fired) for found in side if found.fired % PERIOD > MARGIN]
        for side in (heard.unbroken, heard.broken)
    )
    assert len(unbroken) > 20
    assert unbroken == broken


@pytest.fixture(scope="module")
def report(tiny_model: Model, scenes: list[Scene]) -> Report:
    return compare(hear(scenes, tiny_model, PERIOD), tiny_model, PERIOD, seed=1)


def test_counts_add_up(report: Report, scenes: list[Scene]) -> None:
    said = [placed for scene in scenes for placed in scene.placements if placed.word]
    assert report.left_out == sum(near_reset(placed, PERIOD) for placed in said) > 0
    for side in (report.unbroken, report.broken):
        assert side.keywords == len(said) - report.left_out
        assert side.miss_low <= side.miss_rate <= side.miss_high
        assert sum(side.kinds.values()) == side.alarms > 0
    misses = report.misses.only_unbroken - report.misses.only_broken
    assert misses == report.unbroken.misses - report.broken.misses
    assert sum(hour.keywords for hour in report.by_hour) == report.unbroken.keywords
    assert sum(scene.keywords for scene in report.by_scene.values()) == report.unbroken.keywords
    assert sum(scene.misses[1] for scene in report.by_scene.values()) == report.broken.misses
    assert sum(hour.alarms[1] for hour in report.by_hour) == report.broken.alarms
    assert len(report.by_hour[0].layers) == 2


def test_keywords_near_a_reset_count_on_neither_side(tiny_model: Model) -> None:
    near = Placement("yes", "a", PERIOD, PERIOD + RATE, PERIOD, PERIOD + RATE)
    far = Placement("yes", "b", 4 * RATE, 5 * RATE, 4 * RATE, 5 * RATE)
    heard = Heard(placements=[far, near], scenes=[(0, "talk")], state=[[]], length=2 * PERIOD)
    result = compare(heard, tiny_model, PERIOD, seed=1)
    assert (result.left_out, result.unbroken.keywords, result.broken.misses) == (1, 1, 1)


def test_report_in_words_and_as_a_picture(report: Report, tmp_path: Path) -> None:
    text = tables(report)
    assert f"{report.unbroken.misses} of {report.unbroken.keywords}" in text
    assert "fresh state every 10 s" in text
    draw(report, tmp_path / "state.png")
    assert (tmp_path / "state.png").read_bytes().startswith(b"\x89PNG")
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def model_with(tiny_model: Model, forget: float, seed: int | None = None) -> Model:
    """A model of one layer that forgets all or nothing, and decides on single rows.

    With `seed` it answers to what it hears.
    """
    network = NetworkSpec(layers=(16,))
    features = FeatureSpec()
    spec = msgspec.structs.replace(
        tiny_model.spec,
        network=network,
        features=features,
        decision=DecisionSettings(refractory=0, rearm=0),
        keywords=tuple(
            KeywordSettings(word=word, threshold=0.4, release=0.4, smoothing=1)
            for word in tiny_model.words
        ),
    )
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in weight_shapes(network, features.coefficients, len(spec.labels)).items():
        known = seed is not None and name in ("lstm.0.weight_ih", "head.weight")
        scale = 8 / np.sqrt(shape[-1]) if known else 0
        weights[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
    bias = weights["lstm.0.bias"].reshape(4, 16)
    bias[:] = [[100.0], [forget], [100.0 if seed is None else 0.0], [100.0]]
    return Model(spec, tiny_model.matrices, weights, tiny_model.path, "")
