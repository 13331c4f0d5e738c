"""A result that cannot be written is one line and an exit code of its own, in every command."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.cli.output import print_wide
from kws.errors import OutputError
from tests.support.listener import KWS

COMMANDS = {
    "version": ["--version"],
    "models": ["models"],
    "models for programs": ["models", "--json"],
    "keygen": ["keygen", "keys"],
}


def run(command: str, folder: Path, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell with `kws` in front; typer looks for the shell above it."""
    return subprocess.run(
        ["bash", "-c", f"'{KWS}' {command}; exit $?"],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("output", "reason"),
    [("/dev/full", "No space left on device"), ("&-", "the standard output is closed")],
)
def test_what_cannot_be_written(tmp_path: Path, name: str, output: str, reason: str) -> None:
    result = run(f"{' '.join(COMMANDS[name])} >{output}", tmp_path)
    assert (result.returncode, result.stderr) == (13, f"kws: cannot write the result: {reason}\n")


@pytest.mark.parametrize("command", ["--help", "listen --help", "--show-completion"])
def test_what_typer_writes_to_a_full_disk(tmp_path: Path, command: str) -> None:
    result = run(f"{command} >/dev/full", tmp_path)
    line = "kws: cannot write the result: No space left on device\n"
    assert (result.returncode, result.stderr) == (13, line)


@pytest.mark.parametrize(
    "command", ["", "--help", "listen --help", "--version", "models", "--show-completion"]
)
def test_a_reader_who_went_away(tmp_path: Path, command: str) -> None:
    with pipe_without_reader() as pipe:
        result = run(command, tmp_path, stdout=pipe)
    assert (result.returncode, result.stderr) == (141, "")


def test_a_shell_that_does_not_wait_for_completions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"_KWS_COMPLETE": "complete_bash", "COMP_WORDS": "kws l", "COMP_CWORD": "1"}
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    with pipe_without_reader() as pipe:
        result = run("", tmp_path, stdout=pipe)
    assert (result.returncode, result.stderr) == (141, "")


@contextlib.contextmanager
def pipe_without_reader() -> Iterator[int]:
    """The end to write to of a pipe whose other end is closed."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_replay_without_standard_output(
    tmp_path: Path, tiny_model_folder: Path, noise: np.ndarray, options: str
) -> None:
    soundfile.write(tmp_path / "sound.wav", noise, 16000)
    result = run(f"replay {options} --model '{tiny_model_folder}' sound.wav >&-", tmp_path)
    assert result.returncode == 13
    assert result.stderr == "kws: cannot write the result: the standard output is closed\n"


def test_a_table_whose_reader_goes_away(
    tmp_path: Path, tiny_model_folder: Path, noise: np.ndarray
) -> None:
    soundfile.write(tmp_path / "sound.wav", noise, 16000)
    recordings = " ".join(["sound.wav"] * 20)
    replay = f"replay --model '{tiny_model_folder}' {recordings} | head -n 1 >/dev/null"
    assert run(f"{replay}; exit ${{PIPESTATUS[0]}}", tmp_path).returncode == 141


def test_a_name_that_the_terminal_has_no_letters_for(
    tmp_path: Path, tiny_model_folder: Path, noise: np.ndarray
) -> None:
    """The words are worth more than the spelling of the file's name."""
    soundfile.write(tmp_path / "größe.wav", noise, 16000)
    result = subprocess.run(
        [KWS, "replay", "--model", tiny_model_folder, "."],
        cwd=tmp_path,
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        capture_output=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"gr??e.wav" in result.stdout


def test_tables_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OutputError, match="No space left on device"):
            print_wide("a table")
