"""Single checks of the doctor, on machines that are made up."""

from pathlib import Path

import pytest

from kws import doctor
from kws.config import ListenConfig
from kws.errors import PortAudioMissingError
from kws.events.lock import EndpointLock


def test_a_slow_processor(monkeypatch: pytest.MonkeyPatch, tiny_model_folder: Path) -> None:
    times = iter([0.0, 4.0])
    monkeypatch.setattr(doctor.time, "perf_counter", lambda: next(times))
    check = doctor.check_cpu(ListenConfig(model=str(tiny_model_folder)))
    assert check.verdict == "bad"
    assert "80.0%" in check.detail


def test_endpoints_that_a_daemon_has(tmp_path: Path) -> None:
    config = ListenConfig(events=f"ipc://{tmp_path}/e", control=f"ipc://{tmp_path}/c")
    assert doctor.check_endpoints(config).verdict == "ok"
    lock = EndpointLock(tmp_path / "e")
    check = doctor.check_endpoints(config)
    lock.release()
    assert check.verdict == "note"
    assert "running daemon" in check.detail


def test_endpoints_that_are_open_to_the_world() -> None:
    check = doctor.check_endpoints(ListenConfig(events="tcp://0.0.0.0:5000"))
    assert check.verdict == "bad"
    assert check.fix


def test_a_runtime_directory_of_another_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "SYSTEM_DIRECTORY", tmp_path)
    assert doctor.check_groups(ListenConfig()).verdict == "ok"
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    check = doctor.check_groups(ListenConfig())
    assert check.verdict == "bad"
    assert "usermod -aG" in str(check.fix)


def test_sound_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SOUND_DEVICES", tmp_path)
    assert doctor.check_sound_devices(ListenConfig()).verdict == "note"
    (tmp_path / "pcmC0D0c").write_text("")
    assert doctor.check_sound_devices(ListenConfig()).verdict == "ok"
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    check = doctor.check_sound_devices(ListenConfig())
    assert check.verdict == "bad"
    assert "usermod -aG" in str(check.fix)


def test_portaudio_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise PortAudioMissingError("not installed")

    monkeypatch.setattr(doctor, "PortAudio", missing)
    check = doctor.check_microphone(ListenConfig())
    assert check.verdict == "bad"
    assert "apt install" in str(check.fix)
