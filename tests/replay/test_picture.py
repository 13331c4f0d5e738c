"""The picture of a replay."""

import importlib.util
import resource
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from kws.audio.files import open_recording
from kws.errors import MissingExtraError, OutputError
from kws.replay.picture import Picture, check_picture
from kws.replay.replay import WHOLE, Stretch, replay
from kws.spotting.detection import Detection
from kws.spotting.model import Model
from kws.spotting.spotter import Row, Spotter

RATE = 16000
RECORDING = Path(__file__).parents[2] / "examples" / "recording" / "commands.flac"
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
    assert max(heights) < 2500


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


def test_a_title_is_taken_as_it_is(tmp_path: Path, tiny_model: Model) -> None:
    picture = Picture(Spotter(tiny_model), r"a$\frac$.flac")
    picture.add_samples(np.zeros(RATE, np.float32))
    picture.draw(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_a_folder_in_the_way_is_refused(tmp_path: Path, tiny_model: Model) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    with pytest.raises(OutputError, match="cannot draw"):
        check_picture(folder)
    with pytest.raises(OutputError, match="cannot write"):
        picture_of(tiny_model, np.zeros(RATE, np.float32)).draw(folder)


def test_a_full_disk_leaves_no_half_of_a_picture(tmp_path: Path, tiny_model: Model) -> None:
    picture = picture_of(tiny_model, np.zeros(RATE, np.float32))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OutputError, match="File too large"):
            picture.draw(tmp_path / "a.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install -e '\.\[plot\]' in a clone of kws"):
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


def detection(keyword: str, end: float) -> Detection:
    """A word of half a second, which fires 0.1 s after its end."""
    at = round(end * RATE)
    return Detection(keyword, 0.9, 0.4, at - 8000, at, at + 1600, -20.0)


def with_peaks(
    model: Model, stretch: Stretch, *peaks: tuple[float, int, float], seconds: int = 10
) -> Picture:
    """Silence in which scores rise at (seconds, word, score)."""
    picture = Picture(Spotter(model), "a recording", stretch)
    picture.add_samples(np.zeros(seconds * RATE, np.float32))
    for position in range(640, seconds * RATE, 640):
        scores = np.zeros(3)
        for when, word, score in peaks:
            if abs(position / RATE - when) < 0.1:
                scores[word] = score
        picture.add_row(Row(position, np.zeros(4), scores, -20.0))
    return picture


def labels_of(picture: Picture) -> list[list[str]]:
    """The labels of each row."""
    return [[text.get_text() for text in axes.texts] for axes in picture.figure().axes]


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


def test_only_the_words_of_a_stretch_are_named(tiny_model: Model) -> None:
    peaks = ((2.0, 0, 0.3), (5.0, 1, 0.3), (5.3, 2, 0.9), (8.0, 0, 0.3))
    picture = with_peaks(tiny_model, Stretch(4.0, 6.0), *peaks)
    for keyword, end in (("yes", 3.0), ("stop", 5.2), ("stop", 6.5)):
        picture.add_detection(detection(keyword, end))
    assert labels_of(picture) == [["stop", "no 0.30, lacks 0.10"]]


def test_every_near_miss_that_has_room_is_labelled(tiny_model: Model) -> None:
    # At both edges, and two that are nearer to each other than a label is long.
    peaks = ((0.1, 0, 0.3), (5.0, 1, 0.31), (5.4, 2, 0.32), (9.9, 0, 0.33))
    (labels,) = labels_of(with_peaks(tiny_model, Stretch(0.0, 10.0), *peaks))
    expected = {"yes 0.30", "no 0.31", "stop 0.32", "yes 0.33"}
    assert {label.partition(",")[0] for label in labels} == expected


def test_a_word_that_two_rows_share_is_named_where_its_curve_is(tiny_model: Model) -> None:
    picture = with_peaks(tiny_model, WHOLE, (30.3, 0, 0.9), seconds=40)
    picture.add_detection(detection("yes", 30.1))
    figure = picture.figure()
    first, second = figure.axes
    assert [text.get_text() for text in (*first.texts, *second.texts)] == ["yes"]
    (label,) = second.texts
    box = label.get_window_extent()
    assert second.bbox.x0 <= box.x0 < second.bbox.x0 + 20
    # Its bounds are marked in both.
    assert [[patch.get_extents().x0 for patch in axes.patches] for axes in (first, second)] == [
        [pytest.approx(first.transData.transform((29.6, 0))[0])],
        [pytest.approx(second.bbox.x0)],
    ]


def test_a_near_miss_that_two_rows_share_is_named_once(tiny_model: Model) -> None:
    picture = with_peaks(tiny_model, WHOLE, (29.95, 0, 0.3), (30.12, 0, 0.32), seconds=40)
    assert labels_of(picture) == [[], ["yes 0.32, lacks 0.08"]]


def test_labels_cover_no_curve_and_no_other_label(shipped_model: Model) -> None:
    """In the recording whose near misses lie below words that fired: 0:27, 2:58 and 3:17."""
    spotter = Spotter(shipped_model)
    picture = Picture(spotter, "a recording")
    spotter.stream.observer = picture.add_row
    with open_recording(RECORDING) as recording:
        for found in replay(recording, spotter, on_block=picture.add_samples):
            picture.add_detection(found)
    figure = picture.figure()
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sum(text.isalpha() for text in texts) == 63
    assert {"up 0.35, lacks 0.34", "up 0.50, lacks 0.19", "up 0.52, lacks 0.17"} < set(texts)
    for axes in figure.axes:
        boxes = [text.get_window_extent() for text in axes.texts]
        for index, box in enumerate(boxes):
            assert not box.count_overlaps(boxes[:index])
            assert axes.bbox.x0 <= box.x0 < box.x1 <= axes.bbox.x1
        curves = [line for line in axes.lines if line.get_zorder() == 2]
        assert curves
        for curve in curves:
            path = curve.get_transform().transform_path(curve.get_path())
            assert not any(path.intersects_bbox(box, filled=False) for box in boxes)


@pytest.mark.parametrize("last", [3.0, 30.0])
def test_a_stretch_is_empty_until_it_is_heard(tiny_model: Model, last: float) -> None:
    picture = Picture(Spotter(tiny_model), "a recording", Stretch(2.0, last))
    picture.add_samples(np.zeros(2 * RATE, np.float32))
    assert picture.empty
    picture.add_samples(np.zeros(1, np.float32))
    assert not picture.empty
