"""`kws devices` and `kws doctor` on a real PortAudio."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.listener import DEADLINE, KWS, wait_for
from tests.support.pulse import PulseServer, require_microphone

pytestmark = pytest.mark.microphone


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    require_microphone()
    folder = tmp_path / "pulse"
    folder.mkdir()
    with PulseServer(folder, microphones=("kws", "missing")) as server:
        yield server


def run(*arguments: str, pulse: PulseServer) -> subprocess.CompletedProcess[str]:
    own = {"XDG_CONFIG_HOME": str(pulse.folder), "XDG_STATE_HOME": str(pulse.folder)}
    return subprocess.run(
        [KWS, *arguments],
        env={**os.environ, **pulse.environment, **own, "TMPDIR": str(pulse.folder)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )


def test_devices_with_rate_and_level(pulse: PulseServer, noise: np.ndarray) -> None:
    pulse.play_raw(np.tile(noise, 4).astype("<f4").tobytes())

    def loud() -> dict[str, dict[str, object]] | None:
        result = run("devices", "--json", pulse=pulse)
        assert result.returncode == 0, result.stderr
        found = {each["name"]: each for each in map(json.loads, result.stdout.splitlines())}
        return found if found["default"]["level_dbfs"] > -60 else None

    found = wait_for("sound", loud)
    assert found["default"]["default"] is True
    assert found["mic_kws"]["rate"] == 16000
    assert "'mic_missing' cannot be opened" in str(found["mic_missing"]["error"])


def test_devices_for_a_person(pulse: PulseServer) -> None:
    result = run("devices", pulse=pulse)
    assert result.returncode == 0
    assert "16000 Hz, -120" in result.stdout
    assert result.stderr == "", "the libraries' noise"
    assert "Hz" not in run("devices", "--no-probe", pulse=pulse).stdout


def test_doctor_names_what_is_wrong_and_the_fix(
    pulse: PulseServer, tiny_model_folder: Path
) -> None:
    result = run("doctor", "--model", str(tiny_model_folder), pulse=pulse)
    assert result.returncode == 0, result.stdout
    assert "nothing but zeros" in result.stdout
    assert "set-source-mute" in result.stdout
    result = run("doctor", "--model", "nowhere", "--device", "mic_missing", pulse=pulse)
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert any(line.startswith("bad   model ") for line in lines)
    assert any(line.startswith("bad   microphone ") for line in lines)
    assert sum("->" in line for line in lines) >= 2


def test_a_server_that_hangs_is_named_in_one_line(
    pulse: PulseServer, tiny_model_folder: Path
) -> None:
    pulse.suspend()
    result = run("devices", pulse=pulse)
    assert result.returncode == 9
    assert len(result.stderr.splitlines()) == 1
    assert "has not answered" in result.stderr
    result = run("doctor", "--model", str(tiny_model_folder), pulse=pulse)
    assert result.returncode == 1
    assert any(line.startswith("bad   microphone ") for line in result.stdout.splitlines())
    pulse.resume()


def test_ctrl_c_ends_it_although_the_server_hangs(pulse: PulseServer) -> None:
    pulse.suspend()
    program = (
        "from kws.audio import hanging; hanging.PATIENCE_SECONDS = 1e6; "
        "from kws.cli import main; main(['devices'])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **pulse.environment},
        stderr=subprocess.DEVNULL,
    )
    threads = Path(f"/proc/{process.pid}/task")
    wait_for("the call", lambda: len(list(threads.iterdir())) > 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) in (1, 130)
    pulse.resume()


def test_a_device_whose_name_is_no_utf8_hides_no_other(pulse: PulseServer) -> None:
    with (pulse.folder / "asoundrc").open("ab") as alsa:
        alsa.write(b'pcm."caf\xe9" { type pulse device kws.monitor hint { show on } }\n')
    result = run("devices", "--json", pulse=pulse)
    assert result.returncode == 0, result.stderr
    names = {json.loads(line)["name"] for line in result.stdout.splitlines()}
    assert {"default", "caf\ufffd"} <= names
    assert run("doctor", pulse=pulse).returncode in (0, 1)
