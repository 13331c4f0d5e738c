"""Packages that are not installed."""

import importlib.util
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kws.cli.eval import evaluate
from kws.cli.train import train
from kws.cli.tune import tune
from kws.errors import MissingExtraError
from kws.extras import require


def test_what_is_there_may_be_used() -> None:
    require("train", "a test", "numpy", "pytest")


def test_all_that_is_missing_is_named() -> None:
    expected = r"a test needs no_such_1 and no_such_2: pip install -e '\.\[plot\]' in a clone"
    with pytest.raises(MissingExtraError, match=expected):
        require("plot", "a test", "numpy", "no_such_1", "no_such_2")


def test_make_adds_extras_and_keeps_the_clone() -> None:
    """An install without ``-e`` would replace it by a copy, which a `git pull` leaves stale."""
    result = subprocess.run(
        ["make", "--dry-run", "extras", "EXTRAS=train,plot"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "pip install --quiet -c constraints.txt -e '.[train,plot]'\n" in result.stdout


@pytest.mark.parametrize("package", ["torch", "scipy", "pyroomacoustics", "matplotlib"])
def test_a_training_that_could_not_end_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """Rooms are simulated when the first tape is made, and the curve is drawn behind the last."""
    hide(package, monkeypatch)
    with pytest.raises(MissingExtraError, match=f"training needs {package}"):
        train(tmp_path, tmp_path / "out")


@pytest.mark.parametrize("command", [evaluate, tune])
@pytest.mark.parametrize("package", ["scipy", "matplotlib"])
def test_measuring_says_at_once_what_it_lacks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    package: str,
    command: Callable[[Path], None],
) -> None:
    hide(package, monkeypatch)
    with pytest.raises(MissingExtraError, match=f"measuring needs {package}"):
        command(tmp_path)


def hide(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a package look as if it were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda x: None if x == package else find(x))
