"""`kws replay` with recordings that are none, a model that is missing, a full disk."""

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.listener import KWS
from tests.support.replaying import DEADLINE, detections, run


def wav(data: bytes, rate: int = 16000, channels: int = 1, promised: int | None = None) -> bytes:
    size = len(data) if promised is None else promised
    return (
        struct.pack("<4sI4s4sIHHII", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels, rate, 0)
        + struct.pack("<HH4sI", 2 * channels, 16, b"data", size)
        + data
    )


def nan_file() -> bytes:
    header = wav(np.full(16000, np.nan, np.float32).tobytes())
    return (
        header[:20] + struct.pack("<H", 3) + header[22:32] + struct.pack("<HH", 4, 32) + header[36:]
    )


BAD = {
    "empty.wav": (b"", "is empty"),
    "random.wav": (np.random.default_rng(1).bytes(5000), "not a recording"),
    "nearly.mp3": (b"\xff\xe4\x22\x79" + np.random.default_rng(1).bytes(5000), "not a recording"),
    "text.wav": (b"Hello, world!\n" * 50, "not a recording"),
    "truncated.wav": (wav(bytes(8000), promised=64000), "cut short"),
    "rate0.wav": (wav(bytes(8000), rate=0), "not a recording"),
    "channels0.wav": (wav(bytes(8000), channels=0), "not a recording"),
    "nan.wav": (nan_file(), "only NaN"),
    "huge.wav": (wav(b"", promised=0x7FFFFFF0)[:36] + b"LIST\xf0\xff\xff\xff", "not a recording"),
    "samples0.wav": (wav(b""), "not a single sample"),
    "missing.wav": (None, "No such file"),
    "folder": (None, "without recordings"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_line_and_the_others_are_heard(
    name: str, recording: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    content, message = BAD[name]
    path = tmp_path / "bad" / name
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    elif name == "folder":
        path.mkdir()
    result = run("--json", "--model", tiny_model_folder, "--words", "stop", path, recording)
    assert result.returncode == 3
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"kws: {path}: ")
    assert message in lines[0]
    assert {each["file"] for each in detections(result.stdout)} >= {str(recording)}


def test_bad_stdin_is_one_clear_line(tiny_model_folder: Path) -> None:
    for stdin in (b"", b"x", wav(b""), b"fLaC" + bytes(100)):
        result = run("--json", "--model", tiny_model_folder, "-", stdin=stdin)
        assert (result.returncode, result.stdout) == (3, b"")
        assert result.stderr.startswith(b"kws: -: ")
        assert result.stderr.count(b"\n") == 1


def test_some_bad_samples_are_reported(
    tmp_path: Path, noise: np.ndarray, tiny_model_folder: Path
) -> None:
    samples = noise.copy()
    samples[64000:64100] = np.nan
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="FLOAT")
    result = run("--json", "--model", tiny_model_folder, tmp_path / "a.wav")
    assert result.returncode == 0
    assert b"100 samples are NaN, infinite or huge" in result.stderr
    assert detections(result.stdout)


def test_a_bad_model_is_one_clear_line(recording: Path, tmp_path: Path) -> None:
    result = run("--model", tmp_path / "missing", recording)
    assert (result.returncode, result.stdout) == (4, b"")
    assert result.stderr.count(b"\n") == 1


def test_a_full_disk_is_one_clear_line(recording: Path, tiny_model_folder: Path) -> None:
    for options in ([], ["--json"]):
        with Path("/dev/full").open("wb") as full:
            result = subprocess.run(
                [KWS, "replay", *options, "--model", tiny_model_folder, recording],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=DEADLINE,
            )
        assert result.returncode == 13
        assert result.stderr == b"kws: cannot write the result: No space left on device\n"
