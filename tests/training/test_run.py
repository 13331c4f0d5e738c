"""From folders of recordings to a model, as a user does it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.model.bundle import load_model
from kws.spotter import Spotter
from kws.training.curve import read_log

SMALL = (
    "--set", 'network={"layers":[24],"convolutions":[{"channels":24,"kernel":5,"stride":2}],"block":2}',
    "--set", "lanes=4", "--set", "tapes=4", "--set", "tape_chunks=4", "--set", "chunk=100",
    "--without", "noise,spectral,faults",
)  # fmt: skip


def command(data: Path, out: Path, *more: str) -> list[str]:
    arguments = ["train", str(data), "--out", str(out), *SMALL, *more]
    return [sys.executable, "-c", "from kws.cli import main; main()", *arguments]


def train(data: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(data, out, *more), capture_output=True, text=True, timeout=300)


def test_a_model_that_detects(tiny_corpus: Path, tmp_path: Path) -> None:
    result = train(
        tiny_corpus, tmp_path / "model", "--words", "rise,fall", "--steps", "250",
        "--set", "dropout=0", "--set", "learning_rate=0.01", "--false-alarms", "30",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    model = load_model(tmp_path / "model")
    assert model.words == ["rise", "fall"]
    heard = {"rise": 0, "fall": 0}
    for word in heard:
        for file in sorted((tiny_corpus / word).iterdir()):
            audio, _ = soundfile.read(file, dtype="float32")
            spotter = Spotter(model)
            found = [*spotter.feed(np.pad(audio, (8000, 0))), *spotter.flush()]
            heard[word] += [detection.keyword for detection in found] == [word]
    assert heard["rise"] >= 6 and heard["fall"] >= 6, heard
    for name in ("README.md", "manifest.tsv", "run/curve.png", "run/log.jsonl"):
        assert (tmp_path / "model" / name).stat().st_size > 0
    assert model.spec.metrics["validation"]["clips"]["words"] == 2


def test_killed_and_resumed_it_ends_as_if_nothing_had_happened(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    steps = ("--steps", "40", "--set", "validate_every=0.001")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    result = train(tiny_corpus, whole, *steps)
    assert result.returncode == 0, result.stderr
    process = subprocess.Popen(command(tiny_corpus, broken, *steps), stderr=subprocess.DEVNULL)
    log = broken / "run" / "log.jsonl"
    deadline = time.monotonic() + 200
    while not (log.exists() and len(read_log(broken / "run")) >= 5):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = read_log(broken / "run")[-1]["step"]
    load_model(broken)
    result = train(tiny_corpus, broken, *steps, "--resume")
    assert result.returncode == 0, result.stderr
    after = next(line for line in result.stderr.splitlines() if "going on after step" in line)
    assert int(after.split()[-1]) >= before - 1
    ends = [read_log(folder / "run")[-1] for folder in (whole, broken)]
    assert ends[0]["step"] == ends[1]["step"] == 40
    first, second = load_model(whole), load_model(broken)
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name], err_msg=name)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--words", "rise,shout"], 10, "no readable clip of 'shout'"),
        (["--preset", "best"], 7, "no preset 'best'"),
        (["--without", "rain"], 7, "groups of augmentation are"),
        (["--set", "lanes=many"], 7, "lanes"),
        (["--set", "speed=1"], 7, "FIELD=VALUE"),
        (["--set", "tapes=3"], 7, "multiple of lanes"),
        (["--resume"], 10, "no run to resume"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    tiny_corpus: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    result = train(tiny_corpus, tmp_path / "model", *arguments)
    assert result.returncode == code, result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_finished_run_is_not_overwritten(tiny_corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert train(tiny_corpus, out, "--steps", "1").returncode == 0
    weights = (out / "weights.safetensors").read_bytes()
    result = train(tiny_corpus, out, "--steps", "1")
    assert result.returncode == 7 and "--resume" in result.stderr
    assert (out / "weights.safetensors").read_bytes() == weights
    log = [json.loads(line) for line in (out / "run" / "log.jsonl").read_text().splitlines()]
    assert len(log) == 1
