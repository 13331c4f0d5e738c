"""Wrong calls are one line that helps; colours and pipes are as everywhere else."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.listener import KWS

COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3|4|9|10)\d[;m]")


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [KWS, *arguments], env=inherited | environment, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("call", "hint", "code"),
    [
        ("lisen", "Did you mean 'listen'? (see `kws --help`)", 2),
        ("ctl statsu", "Did you mean 'status'? (see `kws ctl --help`)", 2),
        ("listen --wrods yes", "--words) (see `kws listen --help`)", 2),
        ("replay", "missing argument", 2),
        ("eval --part tset .", "'tset' is not one of 'test', 'validation'", 2),
        ("replay --model comands -", "did you mean 'commands'?", 4),
        ("replay --words yess -", "did you mean 'yes'?", 7),
        ("replay --threshold sotp=0.5 -", "did you mean 'stop'?", 7),
        ("ctl set-threshold stop=1.9", "the threshold of 'stop' must lie between 0 and 1", 2),
        ("ctl set-threshold stop=nan", "threshold stop=nan: 'nan' is not a number", 7),
        ("listen --threshold nan", "threshold nan: 'nan' is not a number", 7),
        ("ctl mute --for ten", "'ten' is no duration: write it like 10m, 1h30m or 90s", 2),
        ("ctl mute --for 999h", "a mute with a limit lasts a week at most", 2),
        ("train . --out new --preset artcle", "did you mean 'article'?", 7),
        ("train . --out new --set lans=3", "did you mean 'lanes'?", 7),
        ("train . --out new --without nois", "did you mean 'noise'?", 7),
        ("train . --out new --set lanes=x", 'must be a whole number, not "x"', 7),
    ],
)
def test_a_wrong_call_is_one_line_with_a_suggestion(call: str, hint: str, code: int) -> None:
    result = run(*call.split())
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("kws: ")
    assert result.stderr.count("\n") == 1
    assert hint in result.stderr


def test_without_a_command_the_help_is_shown() -> None:
    result = run()
    assert (result.returncode, result.stderr) == (2, "")
    assert "Usage: kws [OPTIONS] COMMAND" in result.stdout


def test_colours_are_taken_and_left(tmp_path: Path) -> None:
    assert COLOUR.search(run("--help", FORCE_COLOR="1", TERM="xterm").stdout)
    for environment in ({}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}):
        assert not COLOUR.search(run("--help", **environment).stdout)


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_nobody_to_complain_to(closed: str) -> None:
    command = f"exec '{KWS}' lisen {closed}"
    assert subprocess.run(["sh", "-c", command], timeout=60).returncode == 2


def test_the_doctor_looks_at_what_the_environment_says(tiny_model_folder: Path) -> None:
    """As `kws listen` would."""
    result = run("doctor", KWS_MODEL=str(tiny_model_folder))
    assert result.stdout.startswith("ok    model          tiny, 3 words")


def test_a_check_of_the_audio_without_standard_error(tiny_model_folder: Path) -> None:
    """What keeps the audio libraries quiet must not need it, either."""
    command = f"exec '{KWS}' doctor --model '{tiny_model_folder}' 2>&-"
    result = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=60)
    assert "microphone" in result.stdout


def test_a_reader_that_goes_away(tmp_path: Path, tiny_model_folder: Path) -> None:
    """Many lines, of which `head` takes one."""
    models = tmp_path / "kws" / "models"
    models.mkdir(parents=True)
    for number in range(40):
        (models / f"m{number}").symlink_to(tiny_model_folder)
    pipe = f"{{ '{KWS}' models; echo $? >&2; }} | head -n 1"
    result = subprocess.run(
        ["sh", "-c", pipe],
        env=os.environ | {"XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.count("\n") == 1
    assert result.stderr == "141\n"
