"""A recording in place of the microphone."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.audio import playback
from kws.audio.files import open_recording
from kws.audio.playback import Playback
from kws.audio.source import Chunk
from kws.errors import AudioFileError

DEADLINE = 60


def chunks_of(source: Playback) -> list[Chunk]:
    parts = []
    deadline = time.monotonic() + DEADLINE
    source.start()
    while source.status.state not in ("ended", "failed"):
        assert time.monotonic() < deadline
        chunk = source.read(0.1)
        if chunk is not None:
            parts.append(chunk)
    assert source.alive
    source.stop()
    return parts


def listen_to(source: Playback) -> np.ndarray:
    parts = chunks_of(source)
    for chunk in parts:
        assert (chunk.captured is None) == (source.clock == "none")
    return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in parts)])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "sound.flac"
    samples = np.random.default_rng(3).uniform(-0.5, 0.5, 44100)
    soundfile.write(path, samples, 44100)
    return path


@pytest.mark.parametrize("pace", [True, False])
def test_the_samples_are_those_of_the_file(recording: Path, pace: bool) -> None:
    with open_recording(recording) as expected:
        reference = np.concatenate(list(expected))
    source = Playback(str(recording), pace)
    np.testing.assert_array_equal(listen_to(source), reference)
    assert source.status.state == "ended"


def test_the_backlog_is_what_has_not_been_read(recording: Path) -> None:
    source = Playback(str(recording), pace=False)
    source.start()
    source._thread.join(DEADLINE)
    assert source.backlog == pytest.approx(1.0, abs=1e-3), "a second that nobody has read"
    while source.read(0.1) is not None:
        pass
    assert source.backlog == 0


class Clock(threading.Event):
    """A clock on which time passes only while somebody waits; never set."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


def test_in_real_time_no_sample_comes_before_its_time(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(playback, "time", clock)
    source = Playback(str(recording))
    source._stopping = clock
    heard = 0
    for chunk in chunks_of(source):
        heard += len(chunk.samples)
        assert chunk.captured is not None
        assert chunk.captured >= 1000.0 + heard / 16000 - 1e-6
    assert heard == 16000
    assert clock.now == pytest.approx(1001.0, abs=0.02), "a second of sound takes a second"


def test_a_damaged_recording_fails_behind_what_could_be_read(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.ones(16000) * 0.1, 16000)
    path.write_bytes(path.read_bytes()[:20000])
    source = Playback(str(path), pace=False)
    assert len(listen_to(source)) > 8000
    assert source.status.state == "failed"
    assert isinstance(source.status.error, AudioFileError)


def test_a_missing_recording_fails(tmp_path: Path) -> None:
    source = Playback(str(tmp_path / "none.wav"))
    listen_to(source)
    assert isinstance(source.status.error, AudioFileError)


def test_it_can_be_stopped_while_nobody_reads(recording: Path) -> None:
    source = Playback(str(recording), pace=False)
    source.start()
    source.stop()
    source._thread.join(DEADLINE)
    assert not source._thread.is_alive()
