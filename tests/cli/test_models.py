"""`kws models`: what is installed, and what of it is broken."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.listener import KWS


@pytest.fixture
def home(tmp_path: Path, tiny_model_folder: Path) -> Path:
    """A user's data folder with one good model."""
    shutil.copytree(tiny_model_folder, tmp_path / "kws" / "models" / "mine")
    return tmp_path


def run(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"XDG_DATA_HOME": str(home)}
    return subprocess.run(
        [KWS, "models", *options], env=environment, capture_output=True, text=True, timeout=60
    )


def test_models_are_listed_with_their_words(home: Path) -> None:
    result = run(home)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"mine: yes no stop\n    {home / 'kws' / 'models' / 'mine'}\n" in result.stdout


def test_programs_get_json(home: Path) -> None:
    entries = [json.loads(line) for line in run(home, "--json").stdout.splitlines()]
    [mine] = [entry for entry in entries if entry["name"] == "mine"]
    assert mine["words"] == ["yes", "no", "stop"]
    assert Path(mine["path"]) == home / "kws" / "models" / "mine"
    assert len(mine["sha256"]) == 64


def test_a_broken_model_is_named_and_the_others_are_listed(home: Path) -> None:
    broken = home / "kws" / "models" / "broken"
    shutil.copytree(home / "kws" / "models" / "mine", broken)
    (broken / "weights.safetensors").write_bytes(b"no weights")
    result = run(home)
    assert result.returncode == 4
    assert str(broken) in result.stderr
    assert result.stderr.count("\n") == 1
    assert "mine: yes no stop" in result.stdout
