"""The picture of a replay."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from kws.detect.detection import Detection
from kws.errors import MissingExtraError, OutputError
from kws.model.bundle import Model
from kws.plot import Picture, check_picture
from kws.spotter import Row, Spotter

RATE = 16000
HEAD = 114
"""Pixels of title and legend."""


def picture_of(model: Model, samples: np.ndarray) -> Picture:
    spotter = Spotter(model)
    picture = Picture(spotter, "a recording")
    spotter.observer = picture.add_row
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
