"""Thresholds and delays that go into a model, and what is written beside it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from kws.corpus.corpus import read_corpus
from kws.corpus.matching import Placement
from kws.errors import OutputError
from kws.spotting.model import load_model
from kws.spotting.model_spec import NetworkSpec
from kws.spotting.row_clock import RowClock
from kws.training.baselines import build_network
from kws.training.export import Choice, choose_threshold, export_model, keyword_settings
from kws.training.feature_matrices import build_matrices
from kws.training.recipe import Recipe
from kws.training.targets import LabelSet
from kws.training.validation import Point, ValidationStream

CLOCK = RowClock(512, 640)
ROWS = 2000
KEYWORDS = ("rise", "fall")


def stream(name: str, words: int, hours: float) -> ValidationStream:
    """One lane on which "rise" is said every 100 rows."""
    events = [
        Placement("rise", f"clip{n}", *(2 * (CLOCK(100 * n + 40), CLOCK(100 * n + 50))))
        for n in range(words)
    ]
    return ValidationStream(name, np.zeros((1, 1, 1), np.float16), [events], hours)


def peaks(rows: dict[int, float]) -> npt.NDArray[np.float32]:
    """(1, ROWS, keywords) posteriors: "rise" is heard for half a second at some rows."""
    posteriors = np.zeros((1, ROWS, len(KEYWORDS)), np.float32)
    for row, height in rows.items():
        posteriors[0, row : row + 12, 0] = height
    return posteriors


def choose(alarms: dict[int, float], rate: float) -> Choice:
    streams = [stream("clips", 10, 0.1), stream("noise", 10, 0.1), stream("negatives", 0, 1.0)]
    clear = peaks({100 * n + 45: 0.99 for n in range(10)})
    posteriors = {"clips": clear, "noise": clear, "negatives": peaks(alarms)}
    return choose_threshold(posteriors, streams, KEYWORDS, CLOCK, rate)


def test_the_threshold_lies_just_above_the_alarms_that_are_too_many() -> None:
    strict = choose({100: 0.9, 500: 0.7, 900: 0.5}, rate=0)
    lenient = choose({100: 0.9, 500: 0.7, 900: 0.5}, rate=1)
    assert 0.9 < strict.threshold < 0.93
    assert 0.7 < lenient.threshold < 0.75
    assert strict.points["negatives"].false_alarms == 0
    assert lenient.points["negatives"].false_alarms == 1
    assert strict.points["clips"].misses == 0
    assert strict.metrics()["clips"]["miss_rate"] == 0


def test_a_model_that_nothing_silences_gets_the_highest_threshold() -> None:
    loud = choose({100 * n: 1.0 for n in range(19)}, rate=0)
    assert loud.threshold > 0.99
    assert loud.points["negatives"].false_alarms > 0


def test_usual_delay_and_length_of_each_word(tiny_corpus: Path) -> None:
    delays = (("rise", 1000), ("rise", 3000), ("rise", 5000))
    choice = Choice(0.6, {"clips": Point(0.6, 0, 3, 0, delays)}, {"clips": 0.1})
    rise, fall = keyword_settings(choice, KEYWORDS, read_corpus(tiny_corpus))
    assert (rise.threshold, rise.release, rise.end_offset) == (0.6, 0.3, 3000)
    assert rise.duration == pytest.approx(8000, abs=1000)
    assert fall.end_offset == 2400, "a word that was never heard has the usual delay"


def exported(folder: Path, corpus_folder: Path) -> Path:
    recipe = Recipe(network=NetworkSpec(layers=(8,), block=1))
    labels = LabelSet(KEYWORDS, ("_other_", "_filler_"))
    network = build_network(recipe.network, recipe.features.coefficients, len(labels.labels))
    choice = Choice(0.6, {"clips": Point(0.6, 1, 4, 0, (("rise", 1000),))}, {"clips": 0.1})
    training = {"command": "kws train", "steps": 10, "minutes": 1.0}
    matrices = build_matrices(recipe.features)
    export_model(
        folder, recipe, labels, matrices, network, read_corpus(corpus_folder), choice, training
    )
    return folder


def test_a_model_with_card_and_manifest(tiny_corpus: Path, tmp_path: Path) -> None:
    folder = exported(tmp_path / "mine", tiny_corpus)
    assert load_model(folder).words == list(KEYWORDS)
    parts = [line.split("\t")[0] for line in (folder / "manifest.tsv").read_text().splitlines()]
    assert set(parts) == {"part", "training", "validation"}
    card = folder / "README.md"
    assert "25.0%" in card.read_text()
    card.write_text("my own words")
    exported(folder, tiny_corpus)
    assert card.read_text() == "my own words"


def test_a_folder_that_cannot_be_written(tiny_corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        exported(tmp_path / "file" / "model", tiny_corpus)
