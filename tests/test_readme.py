"""The README keeps its word: its example runs, its output is real (links: test_docs.py)."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from kws.cli import main

ROOT = Path(__file__).parents[1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_python_example_prints_detections(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks("python")
    monkeypatch.chdir(ROOT)
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(example, "README.md", "exec"), {})
    lines = printed.getvalue().splitlines()
    assert len(lines) > 30
    assert all(re.fullmatch(r" *\d+\.\d\d s  [a-z]+ +\d\.\d\d", line) for line in lines), lines[:3]


def detections(text: str) -> list[tuple[float, str, float]]:
    """(seconds, word, score) of the lines of a table."""
    pattern = r"^ +(\d+):(\d\d\.\d+)  ([a-z]+) +(\d\.\d\d) "
    found = re.findall(pattern, text, re.MULTILINE)
    return [(60 * int(m) + float(s), word, float(score)) for m, s, word, score in found]


def test_shown_output_is_what_replay_prints(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = detections(next(block for block in blocks("text") if "kws replay examples" in block))
    monkeypatch.chdir(ROOT)
    main_without_exit(["replay", "examples/recording/commands.flac"])
    printed = detections(capsys.readouterr().out)
    assert len(shown) >= 5
    for expected, real in zip(shown, printed, strict=False):
        assert real[1] == expected[1]
        assert real[0] == pytest.approx(expected[0], abs=0.05)
        assert real[2] == pytest.approx(expected[2], abs=0.011)


def main_without_exit(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert not stopped.value.code
