"""Which row answers for which embedding."""

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kws.errors import ConfigError
from kws.training.feature_matrices import build_matrices
from kws.training.learner import make_learner
from kws.training.pretraining.distiller import Distiller
from kws.training.pretraining.pool import TaughtTapes
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.targets import Alignment, Scale, align
from kws.training.pretraining.teacher import OnnxTeacher
from kws.training.pretraining.validation import ValidationTapes
from kws.training.recipe import preset
from kws.training.spectral import Cepstrum
from tests.support.fake_teacher import FakeTeacher

RECIPE = PretrainingRecipe(network=preset("default").network)


@given(
    first=st.integers(0, 40),
    step=st.integers(1, 5),
    count=st.integers(0, 60),
    chunk=st.integers(1, 50),
)
def test_every_embedding_belongs_to_one_row_of_one_chunk(
    first: int, step: int, count: int, chunk: int
) -> None:
    alignment = Alignment(first, step)
    found = []
    for start in range(0, first + step * count + chunk, chunk):
        of_tape, rows = alignment.within(slice(start, start + chunk), count)
        numbers = np.arange(count)[of_tape]
        at = start + np.arange(chunk)[rows]
        assert len(numbers) == len(at)
        found += list(zip(numbers.tolist(), at.tolist(), strict=True))
    assert found == [(number, first + step * number) for number in range(count)]


def test_a_row_has_heard_its_window_and_the_row_before_has_not() -> None:
    alignment = align(RECIPE, OnnxTeacher)  # type: ignore[arg-type]
    assert alignment == Alignment(19, 2)
    features, block = RECIPE.features, RECIPE.network.block

    def heard(row: int) -> int:
        return (block * (row + 1) - 1) * features.hop + features.window

    for number in range(3):
        row, end = 19 + 2 * number, OnnxTeacher.window + number * OnnxTeacher.hop
        assert heard(row - 1) < end <= heard(row)


def test_a_lag_gives_the_network_time() -> None:
    late = msgspec.structs.replace(RECIPE, lag=3)
    assert align(late, OnnxTeacher).first == 22  # type: ignore[arg-type]


def test_paces_that_do_not_fit() -> None:
    odd = msgspec.structs.replace(
        RECIPE, features=msgspec.structs.replace(RECIPE.features, hop=300)
    )
    with pytest.raises(ConfigError, match="must be a multiple"):
        align(odd, OnnxTeacher)  # type: ignore[arg-type]


def test_what_the_teacher_heard_before_a_reset_is_not_asked_for(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Lane 0 is older than the teacher's window, lane 1 is fresh: its first rows do not count."""
    recipe = msgspec.structs.replace(RECIPE, lanes=2, tapes=2, chunk=40, tape_chunks=2)
    scale = Scale(np.zeros(4, np.float32), np.ones(4, np.float32))
    nothing = ValidationTapes({}, np.zeros((0, 0, 4), np.float16))
    alignment = align(recipe, FakeTeacher(tmp_path_factory.getbasetemp()))
    assert alignment == Alignment(4, 2)
    learner = make_learner(recipe, 4)
    cepstrum = Cepstrum(build_matrices(recipe.features), learner.device)
    folder = tmp_path_factory.mktemp("run")
    distiller = Distiller(recipe, learner, cepstrum, scale, alignment, nothing, folder)
    distiller._age = torch.tensor([100.0, 0.0])
    tapes = TaughtTapes(0, np.zeros((2, 2, 80, 40), np.float16), np.zeros((2, 18, 4), np.float16))
    outputs = torch.zeros(2, 20, 4)
    order, second = np.array([0, 1]), slice(40, 80)

    def loss(lane: int, row: int) -> float:
        wrong = outputs.clone()
        wrong[lane, row] = 1.0
        return float(distiller._loss(wrong, tapes, order, second))

    assert [loss(0, row) > 0 for row in (0, 1, 2, 4)] == [True, False, True, True]
    assert [loss(1, row) > 0 for row in (0, 1, 2, 4)] == [False, False, False, True]
