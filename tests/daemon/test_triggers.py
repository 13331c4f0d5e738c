"""Audio of detections on disk."""

import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.daemon.triggers import TriggerRecorder
from kws.errors import OutputError
from tests.support.listener import wait_for

RATE = 16000
Faults = list[tuple[str, str]]


@pytest.fixture
def faults() -> Faults:
    return []


@pytest.fixture
def record(tmp_path: Path, faults: Faults) -> Iterator[Callable[..., TriggerRecorder]]:
    recorders = []

    def make(limit: int = 10_000_000) -> TriggerRecorder:
        recorders.append(
            TriggerRecorder(tmp_path / "kept", limit, lambda *fault: faults.append(fault))
        )
        return recorders[-1]

    yield make
    for recorder in recorders:
        recorder.stop()


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "kept").iterdir())


def test_the_last_second_and_a_half_is_kept(
    record: Callable[..., TriggerRecorder], tmp_path: Path
) -> None:
    recorder = record()
    samples = np.random.default_rng(0).uniform(-0.9, 0.9, 3 * RATE).astype(np.float32)
    for block in np.array_split(samples, 100):
        recorder.hear(block)
    recorder.save("yes/no", 48000)
    recorder.stop()
    (path,) = kept(tmp_path)
    assert path.name.endswith("_000000048000_yes-no.trigger.flac")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    heard, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert len(heard) == 1.5 * RATE
    np.testing.assert_allclose(heard, samples[-len(heard) :], atol=1e-4)


def test_audio_from_before_a_gap_is_not_kept(
    record: Callable[..., TriggerRecorder], tmp_path: Path
) -> None:
    recorder = record()
    recorder.hear(np.ones(RATE, np.float32))
    recorder.forget()
    recorder.hear(np.zeros(1000, np.float32))
    recorder.save("yes", 1)
    recorder.stop()
    heard, _ = soundfile.read(kept(tmp_path)[0])
    assert len(heard) == 1000
    assert not heard.any()


def test_the_oldest_go_first(record: Callable[..., TriggerRecorder], tmp_path: Path) -> None:
    recorder = record(limit=150_000)
    recorder.hear(np.random.default_rng(0).uniform(-1, 1, 2 * RATE).astype(np.float32))
    (tmp_path / "kept" / "mine.txt").write_text("not a recording of kws")
    for position in range(8):
        recorder.save("yes", position)

        def is_kept(name: str = f"{position:012d}") -> bool:
            return any(name in path.name for path in kept(tmp_path))

        wait_for("the recording", is_kept)
    recorder.stop()
    recordings = [path for path in kept(tmp_path) if path.suffix == ".flac"]
    assert sum(path.stat().st_size for path in recordings) <= 150_000
    assert 1 <= len(recordings) < 8
    assert "000000000007" in recordings[-1].name
    assert (tmp_path / "kept" / "mine.txt").exists()


def test_a_folder_that_vanishes_is_reported(
    record: Callable[..., TriggerRecorder], tmp_path: Path, faults: Faults
) -> None:
    recorder = record()
    recorder.hear(np.zeros(1000, np.float32))
    (tmp_path / "kept").rmdir()
    recorder.save("yes", 1)
    recorder.stop()
    ((code, detail),) = faults
    assert code == "save_failed"
    assert str(tmp_path / "kept") in detail
    assert "yes" not in detail.replace(str(tmp_path), ""), "the log may have to know of no word"


def test_a_slow_disk_costs_recordings_only(
    record: Callable[..., TriggerRecorder], faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = record()
    disk = threading.Event()
    monkeypatch.setattr(recorder, "_write", lambda *_: disk.wait())
    recorder.hear(np.zeros(1000, np.float32))
    for position in range(20):
        recorder.save("yes", position)
    disk.set()
    assert 3 <= len(faults) <= 4, "one is being written, sixteen wait"
    assert {code for code, _ in faults} == {"save_failed"}


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot make"):
        TriggerRecorder(tmp_path / "file" / "kept", 1, lambda *_: None)


def test_nothing_heard_nothing_kept(record: Callable[..., TriggerRecorder], tmp_path: Path) -> None:
    """The word fired in the silence that is added at the end, right behind a reset."""
    recorder = record()
    recorder.hear(np.zeros(RATE, np.float32))
    recorder.forget()
    recorder.save("yes", 0)
    recorder.stop()
    assert kept(tmp_path) == []


def test_a_file_that_goes_meanwhile_is_no_fault(
    record: Callable[..., TriggerRecorder], tmp_path: Path, faults: Faults
) -> None:
    recorder = record(limit=1)
    (tmp_path / "kept" / "gone.trigger.flac").symlink_to("nowhere")
    recorder.hear(np.zeros(RATE, np.float32))
    recorder.save("yes", 0)
    recorder.stop()
    assert faults == []
    assert [path.name for path in kept(tmp_path)] == ["gone.trigger.flac"], "room was made"


@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_may_write_to_is_refused(
    record: Callable[..., TriggerRecorder], tmp_path: Path, mode: int
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept").chmod(mode)
    with pytest.raises(OutputError, match="chmod go-w"):
        record()
