"""Single checks of the doctor, on machines that are made up."""

import socket
import threading
from pathlib import Path

import pytest

from kws.audio import hanging
from kws.audio.devices import Device
from kws.config import ListenConfig
from kws.daemon import doctor
from kws.errors import PortAudioMissingError


def test_a_slow_processor(monkeypatch: pytest.MonkeyPatch, tiny_model_folder: Path) -> None:
    times = iter([0.0, 4.0])
    monkeypatch.setattr("kws.daemon.doctor.time.perf_counter", lambda: next(times))
    check = doctor.check_cpu(ListenConfig(model=str(tiny_model_folder)))
    assert check.verdict == "bad"
    assert "80.0%" in check.detail


def test_endpoints_that_a_daemon_has(tmp_path: Path) -> None:
    config = ListenConfig(events=f"ipc://{tmp_path}/e", control=f"ipc://{tmp_path}/c")
    assert doctor.check_endpoints(config).verdict == "ok"
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(tmp_path / "e"))
        check = doctor.check_endpoints(config)
    assert check.verdict == "note"
    assert "running daemon" in check.detail


def test_looking_at_endpoints_leaves_them_alone(tmp_path: Path) -> None:
    """A daemon that is just starting has the lock, and not yet its socket, or the other way."""
    config = ListenConfig(events=f"ipc://{tmp_path}/e", control=f"ipc://{tmp_path}/c")
    (tmp_path / "e").write_text("a socket that a daemon left behind")
    doctor.check_endpoints(config)
    assert list(tmp_path.iterdir()) == [tmp_path / "e"]


def test_endpoints_where_nothing_can_be_written(tmp_path: Path) -> None:
    config = ListenConfig(events=f"ipc://{tmp_path}/none/e", control=f"ipc://{tmp_path}/c")
    assert doctor.check_endpoints(config).verdict == "bad"


def test_a_default_that_is_not_needed_may_be_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    assert doctor.check_endpoints(ListenConfig()).verdict == "bad"
    config = ListenConfig(events=f"ipc://{tmp_path}/e", control=f"ipc://{tmp_path}/c")
    assert doctor.check_endpoints(config).verdict == "ok"


def test_endpoints_that_are_open_to_the_world() -> None:
    check = doctor.check_endpoints(ListenConfig(events="tcp://0.0.0.0:5000"))
    assert check.verdict == "bad"
    assert check.fix


def test_a_runtime_directory_of_another_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "SYSTEM_DIRECTORY", tmp_path)
    assert doctor.check_groups(ListenConfig()).verdict == "ok"
    monkeypatch.setattr("kws.daemon.doctor.os.access", lambda *_: False)
    check = doctor.check_groups(ListenConfig())
    assert check.verdict == "bad"
    assert "usermod -aG" in str(check.fix)


def test_sound_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SOUND_DEVICES", tmp_path)
    assert doctor.check_sound_devices(ListenConfig()).verdict == "note"
    (tmp_path / "pcmC0D0c").write_text("")
    assert doctor.check_sound_devices(ListenConfig()).verdict == "ok"
    monkeypatch.setattr("kws.daemon.doctor.os.access", lambda *_: False)
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


def test_no_microphone_does_not_lead_back_to_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def devices(self) -> list[Device]:
            return []

        def close(self) -> None:
            pass

    monkeypatch.setattr(doctor, "PortAudio", Silent)
    check = doctor.check_microphone(ListenConfig())
    assert (check.verdict, check.detail) == ("bad", "there is no microphone")


def test_a_sound_system_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(doctor, "PortAudio", release.wait)
    monkeypatch.setattr(hanging, "PATIENCE_SECONDS", 0.1)
    check = doctor.check_microphone(ListenConfig())
    release.set()
    assert check.verdict == "bad"
    assert "has not answered" in check.detail
    assert "restart" in str(check.fix)
