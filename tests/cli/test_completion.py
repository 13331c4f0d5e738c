"""What the shell is told when TAB is pressed."""

import os
import subprocess
from pathlib import Path

import pytest

from kws.cli.completion import complete_words
from kws.events.topics import DETECTION
from tests.support.listener import KWS


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("lis", ["listen"]),
        ("ctl set-t", ["set-threshold"]),
        ("replay --model comm", ["commands"]),
        ("replay --words yes,st", ["yes,stop"]),
        ("listen --threshold st", ["stop="]),
        ("ctl set-threshold st", ["stop="]),
        ("subscribe --topic kws/detection/st", [f"{DETECTION}stop/"]),
        ("eval --part v", ["validation"]),
        ("train --preset arti", ["article"]),
        ("replay --model nosuchmod", []),
    ],
)
def test_bash_is_offered(typed: str, expected: list[str]) -> None:
    words = ["kws", *typed.split()]
    environment = os.environ | {
        "_KWS_COMPLETE": "complete_bash",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
    }
    result = subprocess.run([KWS], env=environment, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == expected


def test_a_word_is_offered_once() -> None:
    assert "yes,no" in complete_words("yes,")
    assert "yes,yes" not in complete_words("yes,")


def test_a_damaged_model_offers_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "kws" / "models" / "commands"
    broken.mkdir(parents=True)
    (broken / "model.json").write_text("{}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert complete_words("") == []
