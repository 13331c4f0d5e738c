"""`kws replay` as a user runs it: the real program in a process of its own."""

import json
import os
import pty
import select
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from truth import compare, read_truth

KWS = str(Path(sys.executable).with_name("kws"))
DEADLINE = 120
RECORDING = Path(__file__).parents[2] / "examples" / "recording"


def run(
    *arguments: str | Path, stdin: bytes | None = None, program: list[str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*(program or [KWS, "replay"]), *map(str, arguments)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=DEADLINE,
    )


def detections(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def sound(tmp_path: Path, noise: np.ndarray) -> Path:
    """Eight seconds on which the tiny model fires, as WAV."""
    soundfile.write(tmp_path / "sound.wav", noise, 16000, subtype="PCM_16")
    return tmp_path / "sound.wav"


def test_json_has_the_promised_form(sound: Path, tiny_model_folder: Path) -> None:
    result = run("--json", "--model", tiny_model_folder, sound)
    assert (result.returncode, result.stderr) == (0, b"")
    found = detections(result.stdout)
    assert len(found) > 5
    for detection in found:
        assert list(detection) == [
            "file", "keyword", "start", "end", "fired", "rate", "score", "threshold", "level_dbfs"
        ]  # fmt: skip
        assert detection["file"] == str(sound)
        assert detection["keyword"] in ("yes", "no", "stop")
        assert 0 <= detection["start"] <= detection["end"] <= detection["fired"]
        assert detection["rate"] == 16000
        assert detection["threshold"] <= detection["score"] <= 1
        assert detection["score"] == round(detection["score"], 4)
        assert -120 <= detection["level_dbfs"] < 0
    assert [each["fired"] for each in found] == sorted(each["fired"] for each in found)


def test_the_same_samples_give_the_same_bytes(
    sound: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    samples, rate = soundfile.read(sound, dtype="int16")
    flac = tmp_path / "sound.flac"
    soundfile.write(flac, samples, rate)
    sources: list[tuple[str | Path, bytes | None]] = [
        (sound, None),
        (sound, None),
        (flac, None),
        ("-", sound.read_bytes()),
        ("-", flac.read_bytes()),
        ("-", samples.astype("<i2").tobytes()),
    ]
    outputs = []
    for name, stdin in sources:
        result = run("--json", "--model", tiny_model_folder, name, stdin=stdin)
        assert result.returncode == 0
        outputs.append(result.stdout.replace(json.dumps(str(name)).encode(), b'"file"'))
    assert outputs[0].count(b'"file": "file"') > 5
    assert set(outputs) == {outputs[0]}


def test_every_file_starts_afresh(sound: Path, tmp_path: Path, tiny_model_folder: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(sound.read_bytes())
    result = run("--json", "--model", tiny_model_folder, folder)
    found = detections(result.stdout)
    halves = [
        [each | {"file": ""} for each in found if each["file"] == str(folder / name)]
        for name in ("a.wav", "b.wav")
    ]
    assert halves[0] == halves[1] != []
    assert found == sorted(found, key=lambda each: each["file"])


def test_words_and_thresholds(sound: Path, tiny_model_folder: Path) -> None:
    options = ("--words", "no,stop", "--threshold", "0.5", "--threshold", "stop=0.6")
    result = run("--json", "--model", tiny_model_folder, *options, sound)
    assert {(each["keyword"], each["threshold"]) for each in detections(result.stdout)} == {
        ("no", 0.5),
        ("stop", 0.6),
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--words", "yess"], "did you mean 'yes'?"),
        (["--threshold", "1.5"], "between 0 and 1"),
        (["--threshold", "high"], "is not a number"),
        (["--threshold", "maybe=0.5"], "does not listen for 'maybe'"),
    ],
)
def test_senseless_settings_are_refused(
    sound: Path, tiny_model_folder: Path, options: list[str], message: str
) -> None:
    result = run("--model", tiny_model_folder, *options, sound)
    assert (result.returncode, result.stdout) == (7, b"")
    assert message in result.stderr.decode()
    assert result.stderr.count(b"\n") == 1


def test_the_table_is_for_people(sound: Path, tiny_model_folder: Path) -> None:
    result = run("--model", tiny_model_folder, sound, "--words", "stop")
    assert (result.returncode, result.stderr) == (0, b"")
    name, header, *rows, summary = result.stdout.decode().splitlines()
    assert name == str(sound)
    assert header.split() == ["time", "word", "score", "level"]
    assert rows
    for row in rows:
        time, word, score, _, unit = row.split()
        assert time[:5] == "0:00." or float(time[2:]) < 8.5
        assert (word, unit) == ("stop", "dBFS")
        assert 0.4 <= float(score) <= 1
    assert summary.startswith(f"  0:08.000 of sound, {len(rows)} words, in ")


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
    name: str, sound: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    content, message = BAD[name]
    path = tmp_path / "bad" / name
    path.parent.mkdir()
    if content is not None:
        path.write_bytes(content)
    elif name == "folder":
        path.mkdir()
    result = run("--json", "--model", tiny_model_folder, "--words", "stop", path, sound)
    assert result.returncode == 3
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"kws: {path}: ")
    assert message in lines[0]
    assert {each["file"] for each in detections(result.stdout)} >= {str(sound)}


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


def test_a_bad_model_is_one_clear_line(sound: Path, tmp_path: Path) -> None:
    result = run("--model", tmp_path / "missing", sound)
    assert (result.returncode, result.stdout) == (4, b"")
    assert result.stderr.count(b"\n") == 1


def test_a_full_disk_is_one_clear_line(sound: Path, tiny_model_folder: Path) -> None:
    for options in ([], ["--json"]):
        with Path("/dev/full").open("wb") as full:
            result = subprocess.run(
                [KWS, "replay", *options, "--model", tiny_model_folder, sound],
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=DEADLINE,
            )
        assert result.returncode == 13
        assert result.stderr == b"kws: cannot write the result: No space left on device\n"


def test_detections_come_while_stdin_is_open(noise: np.ndarray, tiny_model_folder: Path) -> None:
    process = subprocess.Popen(
        [KWS, "replay", "--json", "--model", str(tiny_model_folder), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write((noise * 32767).astype("<i2").tobytes())
    process.stdin.flush()
    # The pipe is still open: waiting for its end would never print anything.
    ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
    assert ready
    assert json.loads(process.stdout.readline())["file"] == "-"
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    assert process.wait(DEADLINE) == 0


def test_a_picture_is_drawn(sound: Path, tmp_path: Path, tiny_model_folder: Path) -> None:
    picture = tmp_path / "picture.png"
    result = run("--model", tiny_model_folder, sound, "--plot", picture)
    assert result.returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = run("--model", tiny_model_folder, sound, "--plot", tmp_path / "none" / "a.png")
    assert (before.returncode, before.stdout) == (13, b"")
    several = run("--model", tiny_model_folder, sound, sound, "--plot", picture)
    assert (several.returncode, several.stdout) == (2, b"")


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_the_daemon_or_training_needs_is_not_imported(
    sound: Path, tiny_model_folder: Path, options: list[str]
) -> None:
    script = (
        "import sys\n"
        "from kws.cli import main\n"
        "try:\n"
        "    main(['replay', *sys.argv[1:]])\n"
        "finally:\n"
        "    unwanted = {'torch', 'scipy', 'matplotlib', 'sounddevice', 'zmq'}\n"
        "    print(sorted(unwanted & set(sys.modules)), file=sys.stderr)\n"
    )
    program = [sys.executable, "-c", script]
    result = run("--model", tiny_model_folder, *options, sound, program=program)
    assert result.returncode == 0
    assert result.stdout
    assert result.stderr == b"[]\n"


def test_a_progress_bar_shows_only_where_somebody_watches(
    tmp_path: Path, tiny_model_folder: Path
) -> None:
    long = tmp_path / "long.wav"
    soundfile.write(long, np.zeros(130 * 16000, np.int16), 16000)
    assert b"listening" not in run("--model", tiny_model_folder, long).stderr
    for options, expected in (([], True), (["--json"], False)):
        screen = on_a_terminal("--model", str(tiny_model_folder), *options, str(long))
        assert (b"listening" in screen) == expected


def on_a_terminal(*arguments: str) -> bytes:
    """Everything that `kws replay` shows on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [KWS, "replay", *arguments], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            data = os.read(ours, 4096)
        # Linux says so when the last program has closed its terminal.
        except OSError:
            break
        shown += data
    os.close(ours)
    assert process.wait(DEADLINE) == 0
    return shown


def test_the_shipped_model_finds_the_commands_of_the_bundled_recording() -> None:
    result = run("--json", RECORDING / "commands.flac")
    assert (result.returncode, result.stderr) == (0, b"")
    comparison = compare(read_truth(RECORDING / "commands.tsv"), detections(result.stdout))
    assert comparison.found >= 0.75
    assert len(comparison.false_alarms) <= 5
