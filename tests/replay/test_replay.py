"""Replay: the spotter over a recording, and nothing added."""

import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.audio.files import open_recording
from kws.errors import AudioFileError
from kws.replay.replay import Stretch, replay
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter


@pytest.fixture
def recording(tmp_path: Path, noise: np.ndarray) -> Path:
    path = tmp_path / "noise.wav"
    soundfile.write(path, noise, 16000, subtype="FLOAT")
    return path


@pytest.mark.parametrize("block", [100, 1600, 7777, 200000])
def test_it_finds_what_the_spotter_finds(
    recording: Path, noise: np.ndarray, tiny_model: Model, block: int
) -> None:
    spotter = Spotter(tiny_model)
    expected = spotter.feed(noise) + spotter.flush()
    assert len(expected) > 5
    with open_recording(recording, block=block) as opened:
        assert list(replay(opened, Spotter(tiny_model))) == expected


def test_it_finds_bad_samples_where_they_are_whatever_the_block(
    recording: Path, noise: np.ndarray, tiny_model: Model
) -> None:
    noise = noise.copy()
    noise[50000:50010] = np.nan
    soundfile.write(recording, noise, 16000, subtype="FLOAT")
    found = []
    for block in (333, 1600, 64000):
        spotter = Spotter(tiny_model)
        with open_recording(recording, block=block) as opened:
            found.append(list(replay(opened, spotter)))
        assert spotter.stream.nonfinite == 10
    assert found[0] == found[1] == found[2]


def test_detections_come_while_the_recording_is_read(recording: Path, tiny_model: Model) -> None:
    with open_recording(recording) as opened:
        detections = replay(opened, Spotter(tiny_model))
        first = next(detections)
        assert opened.seconds < first.fired / 16000 + 0.2
        assert isinstance(detections, Generator)
        detections.close()


def test_every_block_is_handed_on_once(
    recording: Path, noise: np.ndarray, tiny_model: Model
) -> None:
    blocks: list[np.ndarray] = []
    with open_recording(recording) as opened:
        for _ in replay(opened, Spotter(tiny_model), on_block=blocks.append):
            pass
    np.testing.assert_array_equal(np.concatenate(blocks), noise)


def test_real_time_takes_as_long_as_the_recording_and_finds_the_same(
    recording: Path, noise: np.ndarray, tiny_model: Model
) -> None:
    soundfile.write(recording, noise[:16000], 16000, subtype="FLOAT")
    with open_recording(recording) as opened:
        quick = list(replay(opened, Spotter(tiny_model)))
    began = time.monotonic()
    with open_recording(recording) as opened:
        slow = list(replay(opened, Spotter(tiny_model), realtime=True))
    # It may take longer on a busy machine, never shorter.
    assert time.monotonic() - began >= 1.0
    assert slow == quick


def test_a_recording_cut_short_is_heard_to_its_end_then_refused(
    recording: Path, noise: np.ndarray, tiny_model: Model
) -> None:
    spotter = Spotter(tiny_model)
    expected = spotter.feed(noise[:60000]) + spotter.flush()
    header_and_samples = recording.read_bytes()
    data = header_and_samples.index(b"data") + 8
    recording.write_bytes(header_and_samples[: data + 4 * 60000])
    found = []
    with (
        open_recording(recording) as opened,
        pytest.raises(AudioFileError, match="cut short"),
    ):
        for detection in replay(opened, Spotter(tiny_model)):
            found.append(detection)
    assert found == expected


@pytest.mark.parametrize("block", [1600, 8192])
def test_words_of_a_stretch_are_those_of_the_whole(
    recording: Path, tiny_model: Model, block: int
) -> None:
    with open_recording(recording, block=block) as opened:
        whole = list(replay(opened, Spotter(tiny_model)))
    limits = (0.0, 2.5, 3.1, 100.0)
    parts = []
    for stretch in map(Stretch, limits, limits[1:]):
        with open_recording(recording, block=block) as opened:
            found = replay(opened, Spotter(tiny_model), stretch=stretch)
            parts.append([word for word in found if stretch.holds_word(word, 16000)])
    assert all(parts)
    assert [word for part in parts for word in part] == whole


def test_what_comes_long_after_a_stretch_is_not_read(
    recording: Path, noise: np.ndarray, tiny_model: Model
) -> None:
    soundfile.write(recording, np.tile(noise, 4), 16000, subtype="FLOAT")
    with open_recording(recording) as opened:
        found = list(replay(opened, Spotter(tiny_model), stretch=Stretch(1.0, 2.0)))
        assert opened.duration is not None
        assert opened.seconds < 6 < opened.duration
    assert found


def test_a_stretch_behind_the_end_is_an_error(recording: Path, tiny_model: Model) -> None:
    with (
        open_recording(recording) as opened,
        pytest.raises(AudioFileError, match=r"lasts \d+\.\d s, there is nothing from 60 s on"),
    ):
        list(replay(opened, Spotter(tiny_model), stretch=Stretch(60.0)))


def test_real_time_begins_with_the_stretch(recording: Path, tiny_model: Model) -> None:
    waits: list[float] = []
    with open_recording(recording) as opened, pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", waits.append)
        length = opened.duration
        list(replay(opened, Spotter(tiny_model), stretch=Stretch(3.0), realtime=True))
    assert length is not None
    assert waits[:29] == [0] * 29
    assert waits[31:] == sorted(waits[31:])
    assert 0 < waits[-1] <= length - 3.0
