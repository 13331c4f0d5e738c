"""`kws eval` and `kws tune` from end to end, on a corpus of a few clips."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.cli import main
from kws.spotting.model import Model, load_model


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KWS_CACHE", str(cache))


def exit_code(*arguments: object) -> int:
    """Run the program; 0 unless it stops with another code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture(scope="session")
def evaluated(
    corpus_folder: Path,
    talk_folder: Path,
    cache: Path,
    tiny_model_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder with what one run printed as JSON, its HTML and its streams."""
    folder = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch, (folder / "f.json").open("w") as output:
        patch.setenv("KWS_CACHE", str(cache))
        patch.setattr(sys, "stdout", output)
        code = exit_code(
            "eval", corpus_folder, "--model", tiny_model_folder, "--negatives", talk_folder,
            "--streams", "clean,10", "--json", "--html", folder / "r.html",
            "--audio", folder / "audio",
        )  # fmt: skip
    assert code == 0
    return folder


def test_the_json_holds_consistent_figures(evaluated: Path, tiny_model: Model) -> None:
    found = json.loads((evaluated / "f.json").read_text())
    assert found["model"]["sha256"] == tiny_model.sha256
    assert found["part"] == "testing"
    assert found["clips"]["clips"] == 12 + found["clips"]["silence"]
    assert sum(map(sum, found["clips"]["confusion"])) == found["clips"]["clips"]
    assert [row["stream"] for row in found["streams"]] == ["clean", "10 dB"]
    for row in found["streams"]:
        assert (row["keywords"], row["others"]) == (9, 3)
        assert row["misses"] == len(row["missed"])
        assert row["miss_rate"] == pytest.approx(row["misses"] / 9)
        assert sum(row["alarms"].values()) == len(row["false_alarms"])
        shipped = row["against_stream"]["shifts"].index(0.0)
        assert row["against_stream"]["miss_rate"][shipped] == pytest.approx(row["miss_rate"])
        assert row["against_speech"] is not None
    for row in found["alarms"]:
        assert row["alarms"] == len(row["false_alarms"]) == sum(row["words"].values())
        assert row["low"] <= row["per_hour"] <= row["high"]
        assert row["curve"][shipped] == pytest.approx(row["per_hour"])


def test_the_page_needs_nothing_else(evaluated: Path) -> None:
    text = (evaluated / "r.html").read_text()
    assert text.count("<svg ") == 5
    sources = re.findall(r'(?:src|href)\s*=\s*"(?!#)([^"]*)"', text)
    assert sources == []
    assert "@import" not in text and "<script" not in text


def test_a_mistake_tells_how_far_it_was_from_the_threshold(evaluated: Path) -> None:
    found = json.loads((evaluated / "f.json").read_text())
    thresholds = found["model"]["thresholds"]
    row = found["streams"][0]
    mistakes = [(event, event["said"]) for event in row["missed"]]
    mistakes += [(event, event["heard"]) for event in row["false_alarms"]]
    assert mistakes
    text = (evaluated / "r.html").read_text()
    for event, word in mistakes[:5]:
        margin = event["score"] - thresholds[word]
        assert f"<td>{event['score']:.3f}</td><td>{margin:+.3f}</td>" in text


def test_the_streams_can_be_listened_to(evaluated: Path) -> None:
    found = json.loads((evaluated / "f.json").read_text())
    files = {file.name for file in (evaluated / "audio").iterdir()}
    assert {"clean.flac", "clean.txt", "10-dB.flac", "noise.flac"} < files
    info = soundfile.info(evaluated / "audio" / "10-dB.flac")
    assert info.frames / 16000 / 3600 == pytest.approx(found["streams"][1]["hours"])
    labels = (evaluated / "audio" / "10-dB.txt").read_text().splitlines()
    assert len(labels) == 12
    start, end, text = labels[0].split("\t")
    assert float(end) - float(start) == pytest.approx(1)
    assert re.fullmatch(r"(yes|no|stop|bird) \1/speaker\d_nohash_0.wav", text)


def test_the_tables_go_to_stdout_also_without_negatives(
    corpus_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code(
        "eval", corpus_folder, "--model", tiny_model_folder, "--streams", "5", "--quick",
        "--part", "validation", "--html", tmp_path / "r.html",
    ) == 0  # fmt: skip
    output = capsys.readouterr().out
    assert "5 dB" in output and "One label for each clip" in output
    assert "false alarms on it are unknown" in output
    page = (tmp_path / "r.html").read_text()
    assert "false alarms on it are unknown" in page and "speech without keywords</th>" not in page


def test_the_page_is_written_although_the_tables_cannot_be(
    corpus_folder: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert exit_code(
        "eval", corpus_folder, "--model", tiny_model_folder, "--streams", "5", "--quick",
        "--html", tmp_path / "r.html",
    ) == 13  # fmt: skip
    assert "<html" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--streams", "clean,loud"), 7, "neither clean nor a number"),
        (("--html", "no/such/folder/r.html"), 13, "cannot write"),
        (("--html", "/dev/null"), 13, "a folder or a device"),
        (("--model", "nowhere/model"), 4, "no model folder"),
        (("--negatives", "nowhere"), 10, "nowhere"),
        (("--teacher", "nowhere.tflite"), 4, "nowhere.tflite"),
    ],
)
def test_what_cannot_serve_is_said_at_once(
    corpus_folder: Path,
    tiny_model_folder: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, str],
    code: int,
    message: str,
) -> None:
    if arguments[0] == "--teacher":
        pytest.importorskip("ai_edge_litert")
    # A flag that is given twice counts the second time.
    base = ("eval", corpus_folder, "--model", tiny_model_folder)
    assert exit_code(*base, *arguments) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("kws: ") and error.count("\n") == 1


def test_tune_writes_a_copy_that_loads_and_keeps_to_the_rate(
    corpus_folder: Path,
    talk_folder: Path,
    tiny_model_folder: Path,
    tiny_model: Model,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "tuned"
    assert exit_code(
        "tune", corpus_folder, "--model", tiny_model_folder, "--negatives", talk_folder,
        "--false-alarms", "500", "--smoothing", "3", "--out", copy,
    ) == 0  # fmt: skip
    assert "500 false alarms an hour" in capsys.readouterr().out
    tuned = load_model(copy)
    tuning = tuned.spec.metrics["tuning"]
    assert tuning["after"]["alarms"] <= 500 * tuning["after"]["hours"]
    assert {keyword.smoothing for keyword in tuned.spec.keywords} == {3}
    assert [keyword.threshold for keyword in tuned.spec.keywords] != [
        keyword.threshold for keyword in tiny_model.spec.keywords
    ]
    assert all(
        np.array_equal(tuned.weights[name], tiny_model.weights[name]) for name in tiny_model.weights
    )
    assert load_model(tiny_model_folder).sha256 == tiny_model.sha256


def test_tune_needs_something_to_count_false_alarms_on(
    corpus_folder: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = tmp_path / "words"
    words.mkdir()
    for entry in corpus_folder.iterdir():
        if not entry.name.startswith("_"):
            (words / entry.name).symlink_to(entry)
    assert exit_code("tune", words, "--model", tiny_model_folder) == 10
    assert "--negatives" in capsys.readouterr().err
