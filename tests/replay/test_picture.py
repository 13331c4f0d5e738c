"""The picture of a replay."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from kws.errors import MissingExtraError, OutputError
from kws.replay.picture import Picture, check_picture
from kws.replay.replay import Stretch
from kws.spotting.detection import Detection
from kws.spotting.model import Model
from kws.spotting.spotter import Row, Spotter

RATE = 16000
HEAD = 114
"""Pixels of title and legend."""


def picture_of(model: Model, samples: np.ndarray) -> Picture:
    spotter = Spotter(model)
    picture = Picture(spotter, "a recording")
    spotter.stream.observer = picture.add_row
    for block in np.array_split(samples, max(1, len(samples) // 4000)):
        picture.add_samples(block)
        for detection in spotter.feed(block):
            picture.add_detection(detection)
    return picture


def drawn(picture: Picture, path: Path) -> np.ndarray:
    picture.draw(path)
    return imread(path)


@pytest.mark.parametrize("seconds", [0.01, 3, 8])
def test_recordings_of_any_length_are_drawn(
    tmp_path: Path, tiny_model: Model, noise: np.ndarray, seconds: float
) -> None:
    image = drawn(picture_of(tiny_model, noise[: round(seconds * RATE)]), tmp_path / "a.png")
    assert image.shape[1] == 1680
    assert image[..., :3].min() < 0.5


def test_long_recordings_are_folded_into_a_bounded_number_of_rows(
    tmp_path: Path, tiny_model: Model
) -> None:
    heights = []
    for hours in (0.25, 12):
        picture = Picture(Spotter(tiny_model), "a long recording")
        # Only the ends are heard; the silence between is skipped.
        picture.add_samples(np.ones(100, np.float32))
        picture.heard = round(hours * 3600 * RATE)
        picture.add_samples(np.ones(100, np.float32))
        picture.add_row(Row(picture.heard, np.zeros(4), np.array([0.1, 0.9, 0.2]), -20.0))
        heights.append(drawn(picture, tmp_path / "a.png").shape[0])
    assert max(heights) < 2100


def test_detections_are_marked(tmp_path: Path, tiny_model: Model) -> None:
    silence = np.zeros(4 * RATE, np.float32)
    picture = picture_of(tiny_model, silence)
    without = drawn(picture, tmp_path / "a.png")[HEAD:]
    picture.add_detection(Detection("stop", 0.9, 0.4, 40000, 46000, 48000, -20.0))
    difference = np.abs(drawn(picture, tmp_path / "b.png")[HEAD:] - without).sum(axis=(0, 2))
    marked = np.flatnonzero(difference) / len(difference)
    # From the start of the word to where it fired, in a row of five seconds.
    assert 0.5 < marked.min() < marked.max() < 0.65


def test_what_is_decided_after_the_end_is_drawn(tmp_path: Path, tiny_model: Model) -> None:
    """A word at the very end fires while `flush` lets the spotter hear a little more silence."""
    images = []
    for score in (0.0, 0.9):
        picture = Picture(Spotter(tiny_model), "a recording")
        picture.add_samples(np.zeros(2 * RATE, np.float32))
        for position in range(2 * RATE + 1280, 2 * RATE + 8000, 640):
            picture.add_row(Row(position, np.zeros(4), np.array([score, 0.0, 0.0]), -20.0))
        picture.add_detection(Detection("yes", 0.9, 0.4, 24000, 31000, 34000, -20.0))
        images.append(drawn(picture, tmp_path / "a.png")[HEAD:])
    changed = np.flatnonzero(np.abs(images[0] - images[1]).sum(axis=(0, 2))) / 1680
    assert 0.41 < changed.min() < changed.max() < 0.53


@pytest.mark.parametrize("name", ["a.jpg", "a", "missing/a.png", "file/a.png"])
def test_a_path_that_cannot_be_drawn_to_is_refused_before_the_work(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=f"cannot draw .*{name}"):
        check_picture(tmp_path / name)
    check_picture(tmp_path / "a.png")


def test_a_folder_in_the_way_is_refused(tmp_path: Path, tiny_model: Model) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    with pytest.raises(OutputError, match="cannot draw"):
        check_picture(folder)
    with pytest.raises(OutputError, match="cannot draw"):
        picture_of(tiny_model, np.zeros(RATE, np.float32)).draw(folder)


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        MissingExtraError, match=r"pip install '\.\[plot\]' in the source folder of kws"
    ):
        check_picture(tmp_path / "a.png")


def test_a_near_miss_is_labelled(tmp_path: Path, tiny_model: Model) -> None:
    images = []
    for score in (0.12, 0.3):
        picture = Picture(Spotter(tiny_model), "a recording")
        picture.add_samples(np.zeros(4 * RATE, np.float32))
        for position in range(2 * RATE, 2 * RATE + 3 * 640, 640):
            picture.add_row(Row(position, np.zeros(4), np.array([score, 0.0, 0.0]), -20.0))
        images.append(drawn(picture, tmp_path / "a.png")[HEAD:])
    changed = np.flatnonzero(np.abs(images[0] - images[1]).sum(axis=(0, 2))) / 1680
    # The curve itself is a fiftieth of the row wide, its label "yes 0.30, lacks 0.10" a tenth.
    assert 0.06 < np.ptp(changed) < 0.2
    assert changed.min() < 0.42 < changed.max()


def with_peaks(model: Model, stretch: Stretch, *peaks: tuple[float, int, float]) -> Picture:
    """Ten seconds of silence in which scores rise at (seconds, word, score)."""
    picture = Picture(Spotter(model), "a recording", stretch)
    picture.add_samples(np.zeros(10 * RATE, np.float32))
    for position in range(640, 10 * RATE, 640):
        scores = np.zeros(3)
        for seconds, word, score in peaks:
            if abs(position / RATE - seconds) < 0.1:
                scores[word] = score
        picture.add_row(Row(position, np.zeros(4), scores, -20.0))
    return picture


def labels_of(picture: Picture, path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    original = Axes.text

    def text(axes: Axes, x: float, y: float, s: str, **options: Any) -> Any:
        texts.append(s)
        return original(axes, x, y, s, **options)

    monkeypatch.setattr(Axes, "text", text)
    picture.draw(path)
    return texts


def test_a_stretch_fills_the_picture(tmp_path: Path, tiny_model: Model) -> None:
    columns = []
    for start, end in ((0.0, 10.0), (4.0, 6.0)):
        images = []
        for score in (0.0, 0.12):
            picture = with_peaks(tiny_model, Stretch(start, end), (4.5, 0, score))
            images.append(drawn(picture, tmp_path / "a.png")[HEAD:])
        changed = np.flatnonzero(np.abs(images[0] - images[1]).sum(axis=(0, 2))) / 1680
        # The row lies between 4.5 % and 98.5 % of the width.
        columns.append((changed.mean() - 0.045) / 0.94)
    assert columns == pytest.approx([0.45, 0.25], abs=0.01)


def test_a_stretch_keeps_its_detail_in_a_long_recording(tiny_model: Model, tmp_path: Path) -> None:
    images = []
    for hours in (0, 10):
        start = hours * 3600 + 2.0
        picture = Picture(Spotter(tiny_model), "a recording", Stretch(start, start + 4))
        picture.heard = hours * 3600 * RATE
        picture.add_samples(np.sin(np.arange(8 * RATE) ** 2 / 1e9).astype(np.float32))
        images.append(drawn(picture, tmp_path / "a.png")[HEAD : HEAD + 100])
    np.testing.assert_allclose(images[0], images[1], atol=0.02)


def test_only_the_words_of_a_stretch_are_named(
    tmp_path: Path, tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks = ((2.0, 0, 0.3), (5.0, 1, 0.3), (5.3, 2, 0.9), (8.0, 0, 0.3))
    picture = with_peaks(tiny_model, Stretch(4.0, 6.0), *peaks)
    for keyword, end in (("yes", 3.0), ("stop", 5.2), ("stop", 6.5)):
        at = round(end * RATE)
        picture.add_detection(Detection(keyword, 0.9, 0.4, at - 8000, at, at + 1600, -20.0))
    labels = labels_of(picture, tmp_path / "a.png", monkeypatch)
    assert labels == ["no 0.30, lacks 0.10", "stop"]


def test_every_near_miss_that_has_room_is_labelled(
    tmp_path: Path, tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    # At both edges, and two that are nearer to each other than a label is long.
    peaks = ((0.1, 0, 0.3), (5.0, 1, 0.31), (5.4, 2, 0.32), (9.9, 0, 0.33))
    picture = with_peaks(tiny_model, Stretch(0.0, 10.0), *peaks)
    labels = labels_of(picture, tmp_path / "a.png", monkeypatch)
    expected = {"yes 0.30", "no 0.31", "stop 0.32", "yes 0.33"}
    assert {label.partition(",")[0] for label in labels} == expected


@pytest.mark.parametrize("last", [3.0, 30.0])
def test_a_stretch_is_empty_until_it_is_heard(tiny_model: Model, last: float) -> None:
    picture = Picture(Spotter(tiny_model), "a recording", Stretch(2.0, last))
    picture.add_samples(np.zeros(2 * RATE, np.float32))
    assert picture.empty
    picture.add_samples(np.zeros(1, np.float32))
    assert not picture.empty
