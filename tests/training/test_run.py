"""From folders of recordings to a model, as a user does it."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from kws.cli import main
from kws.spotting.model import load_model
from kws.spotting.spotter import Spotter
from kws.training.checkpoint import CHECKPOINT_FILE, load_checkpoint
from kws.training.learning_curve import read_log

NETWORK = {"layers": [24], "convolutions": [{"channels": 24, "kernel": 5, "stride": 2}], "block": 2}
PROGRAM = "from kws.cli import main; main()"
SMALL = (
    "--set", f"network={json.dumps(NETWORK)}", "--without", "noise,spectral,faults",
    "--set", "lanes=4", "--set", "tapes=4", "--set", "tape_chunks=4", "--set", "chunk=100",
)  # fmt: skip


def arguments(data: Path, out: Path, *more: str) -> list[str]:
    return ["train", str(data), "--out", str(out), *SMALL, *more]


def train(data: Path, out: Path, *more: str) -> int:
    """Run `kws train` in this process; gives back its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments(data, out, *more))
    return int(ended.value.code or 0)


def test_a_model_that_detects(tiny_corpus: Path, tmp_path: Path) -> None:
    code = train(
        tiny_corpus, tmp_path / "model", "--words", "rise,fall", "--steps", "250",
        "--set", "dropout=0", "--set", "learning_rate=0.01", "--set", "passes=30",
        "--false-alarms", "30",
    )  # fmt: skip
    assert code == 0
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
    assert model.spec.metrics["validation"]["clips"]["words"] > 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"after {model.spec.training['steps']:,} steps" in card


def test_killed_and_resumed_it_ends_as_if_nothing_had_happened(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = ("--steps", "12", "--set", "validate_every=0.001")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train(tiny_corpus, whole, *steps) == 0
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments(tiny_corpus, broken, *steps)],
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not (broken / "model.json").exists() or len(read_log(broken / "run")) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    load_model(broken)
    before = read_log(broken / "run")[-1]["step"]
    capsys.readouterr()
    assert train(tiny_corpus, broken, *steps, "--resume") == 0
    going_on = re.search(r"going on after step (\d+)", capsys.readouterr().err)
    assert going_on and int(going_on[1]) >= before - 1
    assert [read_log(folder / "run")[-1]["step"] for folder in (whole, broken)] == [12, 12]
    tensors, _ = load_checkpoint(whole / "run")
    resumed, _ = load_checkpoint(broken / "run")
    for name, tensor in tensors.items():
        # Rounding depends on where arrays lie in memory, so two processes agree closely, not to
        # the bit.
        torch.testing.assert_close(resumed[name], tensor, rtol=1e-3, atol=1e-3, msg=name)


def test_killed_while_it_writes_checkpoints_it_always_goes_on(
    tiny_corpus: Path, tmp_path: Path
) -> None:
    """Killed as soon as a checkpoint is being written, again and again."""
    out = tmp_path / "model"
    steps = ("--steps", "16", "--set", "validate_every=0.001")
    reached = -1
    for attempt in range(3):
        resume = ("--resume",) if attempt else ()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments(tiny_corpus, out, *steps, *resume)],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 300
        before = set(out.glob("run/.checkpoint*"))
        while not (out / "run" / CHECKPOINT_FILE).exists() or not (
            set(out.glob("run/.checkpoint*")) - before
        ):
            if process.poll() is not None:
                break
            assert time.monotonic() < deadline
        process.kill()
        process.wait()
        _, progress = load_checkpoint(out / "run")
        assert progress["step"] >= reached
        reached = progress["step"]
    assert train(tiny_corpus, out, *steps, "--resume") == 0
    assert load_model(out).words
    assert not list(out.glob("run/.checkpoint*")), "halves of checkpoints stay behind"


def test_a_full_disk_ends_it_with_the_last_checkpoint_whole(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    steps = ("--steps", "8", "--set", "validate_every=0.001")
    assert train(tiny_corpus, out, "--steps", "2") == 0
    whole = (out / "run" / CHECKPOINT_FILE).read_bytes()
    limit = (len(whole) // 2,) * 2
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments(tiny_corpus, out, *steps, "--resume")],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 13, result.stderr
    assert "kws: cannot write" in result.stderr
    assert (out / "run" / CHECKPOINT_FILE).read_bytes() == whole
    assert train(tiny_corpus, out, *steps, "--resume") == 0


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        (["--words", "rise,shout"], 10, "no readable clip of 'shout'"),
        (["--preset", "best"], 7, "no preset 'best'"),
        (["--without", "rain"], 7, "choose from place, noise"),
        (["--set", "lanes=many"], 7, "lanes"),
        (["--set", "speed=1"], 7, "no field 'speed'"),
        (["--set", "lanes"], 7, "FIELD=VALUE"),
        (["--set", "tapes=3"], 7, "multiple of lanes"),
        (["--resume"], 10, "no run to resume"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    tiny_corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
    code: int,
    message: str,
) -> None:
    assert train(tiny_corpus, tmp_path / "model", *wrong) == code
    assert message in capsys.readouterr().err


def test_a_finished_run_is_not_overwritten(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    assert train(tiny_corpus, out, "--steps", "1") == 0
    weights = (out / "weights.safetensors").read_bytes()
    assert train(tiny_corpus, out, "--steps", "1") == 7
    assert "--resume" in capsys.readouterr().err
    assert (out / "weights.safetensors").read_bytes() == weights
    assert len(read_log(out / "run")) == 1


@pytest.mark.parametrize("limit", [("--minutes", "0"), ("--minutes", "nan"), ("--steps", "-1")])
def test_a_limit_that_allows_no_training_is_refused(
    limit: tuple[str, str], tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tiny_corpus, tmp_path / "model", *limit) == 7
    assert "a training needs a limit" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
