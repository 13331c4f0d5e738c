"""`kws replay` as a user runs it: the real program in a process of its own."""

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.listener import KWS
from tests.support.replaying import DEADLINE, detections, run
from tests.support.truth import compare, read_truth

RECORDING = Path(__file__).parents[2] / "examples" / "recording"


def test_json_has_the_promised_form(recording: Path, tiny_model_folder: Path) -> None:
    result = run("--json", "--model", tiny_model_folder, recording)
    assert (result.returncode, result.stderr) == (0, b"")
    found = detections(result.stdout)
    assert len(found) > 5
    for detection in found:
        assert list(detection) == [
            "file", "keyword", "start", "end", "fired", "rate", "score", "threshold", "level_dbfs"
        ]  # fmt: skip
        assert detection["file"] == str(recording)
        assert detection["keyword"] in ("yes", "no", "stop")
        assert 0 <= detection["start"] <= detection["end"] <= detection["fired"]
        assert detection["rate"] == 16000
        assert detection["threshold"] <= detection["score"] <= 1
        assert detection["score"] == round(detection["score"], 4)
        assert -120 <= detection["level_dbfs"] < 0
    assert [each["fired"] for each in found] == sorted(each["fired"] for each in found)


def test_the_same_samples_give_the_same_bytes(
    recording: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    samples, rate = soundfile.read(recording, dtype="int16")
    flac = tmp_path / "sound.flac"
    soundfile.write(flac, samples, rate)
    sources: list[tuple[str | Path, bytes | None]] = [
        (recording, None),
        (recording, None),
        (flac, None),
        ("-", recording.read_bytes()),
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


def test_every_file_starts_afresh(recording: Path, tmp_path: Path, tiny_model_folder: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.wav", "b.wav"):
        (folder / name).write_bytes(recording.read_bytes())
    result = run("--json", "--model", tiny_model_folder, folder)
    found = detections(result.stdout)
    halves = [
        [each | {"file": ""} for each in found if each["file"] == str(folder / name)]
        for name in ("a.wav", "b.wav")
    ]
    assert halves[0] == halves[1] != []
    assert found == sorted(found, key=lambda each: each["file"])


def test_words_and_thresholds(recording: Path, tiny_model_folder: Path) -> None:
    options = ("--words", "no,stop", "--threshold", "0.5", "--threshold", "stop=0.6")
    result = run("--json", "--model", tiny_model_folder, *options, recording)
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
    recording: Path, tiny_model_folder: Path, options: list[str], message: str
) -> None:
    result = run("--model", tiny_model_folder, *options, recording)
    assert (result.returncode, result.stdout) == (7, b"")
    assert message in result.stderr.decode()
    assert result.stderr.count(b"\n") == 1


def test_the_table_is_for_people(recording: Path, tiny_model_folder: Path) -> None:
    result = run("--model", tiny_model_folder, recording, "--words", "stop")
    assert (result.returncode, result.stderr) == (0, b"")
    name, header, *rows, summary = result.stdout.decode().splitlines()
    assert name == str(recording)
    assert header.split() == ["start", "word", "score", "level"]
    assert rows
    for row in rows:
        time, word, score, _, unit = row.split()
        assert time[:5] == "0:00." or float(time[2:]) < 8.5
        assert (word, unit) == ("stop", "dBFS")
        assert 0.4 <= float(score) <= 1
    assert summary.startswith(f"  0:08.000 of sound, {len(rows)} words, in ")


def test_where_nothing_fires_it_says_how_near_it_came(
    recording: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16000, np.float32), 16000)
    model: list[str | Path] = ["--model", tiny_model_folder, "--words", "stop"]
    result = run(*model, "--threshold", "0.999", recording)
    *_, summary, nearest = result.stdout.decode().splitlines()
    assert " 0 words, " in summary
    word = re.fullmatch(r"  nearest: stop (0\.\d\d), which fires from 1\.00", nearest)
    assert word is not None
    assert float(word[1]) > 0.4
    result = run(*model, "--threshold", "0.999", recording, tmp_path / "silence.wav")
    first, second = re.findall("^  nearest: .*", result.stdout.decode(), re.MULTILINE)
    assert first == nearest
    assert second < first, "that of the recording before"


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


def test_the_table_begins_before_the_first_word(tiny_model_folder: Path) -> None:
    """Somebody who waits for one sees that it listens."""
    command = [KWS, "replay", "--model", str(tiny_model_folder), "--threshold", "0.999", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(bytes(32000))
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], DEADLINE)
        assert ready
        assert process.stdout.readline() == b"-\n"
        process.stdin.close()
        process.stdout.read()


def test_a_picture_is_drawn(recording: Path, tmp_path: Path, tiny_model_folder: Path) -> None:
    picture = tmp_path / "picture.png"
    result = run("--model", tiny_model_folder, recording, "--plot", picture)
    assert result.returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    before = run("--model", tiny_model_folder, recording, "--plot", tmp_path / "none" / "a.png")
    assert (before.returncode, before.stdout) == (13, b"")
    several = run("--model", tiny_model_folder, recording, recording, "--plot", picture)
    assert (several.returncode, several.stdout) == (2, b"")


def test_a_stretch_is_cut_from_what_is_shown_not_from_what_is_heard(
    recording: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    whole = run("--json", "--model", tiny_model_folder, recording)
    inside = [
        each
        for each in detections(whole.stdout)
        if 2.5 <= (each["start"] + each["end"]) / 2 / each["rate"] < 4
    ]
    base = ("--model", tiny_model_folder, "--from", "2.5", "--to", "0:04", recording)
    result = run("--json", *base)
    assert result.returncode == 0
    assert detections(result.stdout) == inside != []
    picture = tmp_path / "picture.png"
    table = run(*base, "--plot", picture)
    assert b"from 0:02.500 to 0:04.000, %d word" % len(inside) in table.stdout
    assert picture.exists()


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--from", "3", "--to", "2"), 2, b"--to 2 s must lie behind --from 3 s"),
        (("--to", "0"), 2, b"--to 0 s must lie behind --from 0 s"),
        (("--from", "-1"), 2, b"'-1' is no time"),
        (("--from", "9:00"), 3, b"there is nothing from 540 s on"),
    ],
)
def test_a_stretch_that_makes_no_sense(
    recording: Path,
    tmp_path: Path,
    tiny_model_folder: Path,
    options: tuple[str, ...],
    code: int,
    message: bytes,
) -> None:
    picture = tmp_path / "a.png"
    result = run("--json", "--model", tiny_model_folder, *options, "--plot", picture, recording)
    assert (result.returncode, result.stdout) == (code, b"")
    assert message in result.stderr
    assert result.stderr.count(b"\n") == 1
    assert not picture.exists()


def test_a_stretch_behind_the_end_gives_the_error_and_no_table(
    recording: Path, tiny_model_folder: Path
) -> None:
    result = run("--model", tiny_model_folder, "--from", "9:00", recording)
    assert (result.returncode, result.stdout) == (3, b"")
    assert b"there is nothing from 540 s on" in result.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_the_daemon_or_training_needs_is_not_imported(
    recording: Path, tiny_model_folder: Path, options: list[str]
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
    result = run("--model", tiny_model_folder, *options, recording, program=program)
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
