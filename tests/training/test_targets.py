import numpy as np

from kws.spotting.feature_spec import FeatureSpec
from kws.training.targets import FILLER, OTHER, LabelSet, TargetTape, choose_labels

LABELS = LabelSet(("yes", "no"), ("zero", OTHER, FILLER))
SPEC = FeatureSpec()
BLOCK = 2


def heard(row: int) -> int:
    """Samples heard when a row is computed."""
    return ((row + 1) * BLOCK - 1) * SPEC.hop + SPEC.window


def tape(rows: int = 100) -> TargetTape:
    return TargetTape(LABELS, rows, SPEC, BLOCK)


def test_frequent_words_get_outputs_of_their_own() -> None:
    labels = choose_labels({"yes": 300, "no": 20, "zero": 500, "tree": 16}, ["yes", "no"])
    assert labels.labels == ("yes", "no", "zero", OTHER, FILLER)
    assert labels.labels[labels.output_of("tree")] == OTHER


def test_a_row_is_the_first_that_has_heard_a_sample() -> None:
    for sample in range(0, 20000, 37):
        row = tape().row(sample)
        assert heard(row) >= sample or row == 0
        assert row == 0 or heard(row - 1) < sample


def test_the_window_lies_after_the_end_of_the_word() -> None:
    targets = tape()
    targets.word("no", 8000, 16000)
    window = np.flatnonzero(targets.windows == 1)
    assert (targets.codes[window] == LABELS.output_of("no")).all()
    for row in window:
        assert 16000 + 640 <= heard(int(row)) < 16000 + 4480 + BLOCK * SPEC.hop
    allowed = len(LABELS.labels) + LABELS.output_of("no")
    assert targets.codes[targets.row(12800)] == allowed
    assert targets.codes[window[-1] + 1] == allowed
    assert targets.codes[targets.row(8100)] == LABELS.any_other
    assert targets.codes[0] == targets.codes[-1] == LABELS.labels.index(FILLER)


def test_what_comes_later_overrules() -> None:
    targets = tape()
    targets.word("yes", 4000, 12000)
    targets.free(12000, 20000)
    assert not targets.windows.any()
    targets.word("tree", 20000, 24000)
    assert set(targets.codes[targets.windows == 2]) == {LABELS.output_of("tree")}
    assert targets.centres == [8000, 22000]


def test_a_word_at_the_very_edge_of_a_tape() -> None:
    targets = tape(rows=10)
    targets.word("yes", 0, 100)
    targets.word("no", 6000, 60000)
    assert len(targets.codes) == 10


def test_what_each_code_allows() -> None:
    allowed = LABELS.allowed()
    yes, other = LABELS.output_of("yes"), LABELS.output_of("tree")
    assert allowed[yes].tolist() == [1, 0, 0, 0, 0]
    assert allowed[5 + yes].tolist() == [1, 0, 1, 1, 1]
    assert allowed[5 + other].tolist() == [0, 0, 1, 1, 1]
    assert allowed[LABELS.any_other].tolist() == [0, 0, 1, 1, 1]
