"""Tapes that another process mixes."""

import os
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from kws.corpus.corpus import read_corpus
from kws.errors import DataError, KwsError
from kws.training.pool import CorpusFolders, Generation, TapePool, make_generation
from kws.training.recipe import PRESETS, Recipe
from kws.training.sounds import SoundLibrary
from kws.training.targets import LabelSet

LABELS = LabelSet(("rise", "fall"), ("_other_", "_filler_"))
RECIPE = msgspec.structs.replace(
    PRESETS["default"], augmentation=(), lanes=2, tapes=2, tape_chunks=2, chunk=100
)


def made_here(folder: Path, recipe: Recipe, number: int) -> Generation:
    library = SoundLibrary(read_corpus(folder), LABELS.keywords, place=False)
    return make_generation(library, LABELS, recipe, None, number)


def test_the_number_and_the_seed_decide(tiny_corpus: Path) -> None:
    first, again = (made_here(tiny_corpus, RECIPE, 3) for _ in range(2))
    np.testing.assert_array_equal(first.log_mel, again.log_mel)
    np.testing.assert_array_equal(first.codes, again.codes)
    assert first.log_mel.shape == (2, 200, RECIPE.features.mels)
    assert first.codes.shape == first.windows.shape == (2, 100)
    other_seed = msgspec.structs.replace(RECIPE, seed=2)
    for other in (made_here(tiny_corpus, RECIPE, 4), made_here(tiny_corpus, other_seed, 3)):
        assert not np.array_equal(first.log_mel, other.log_mel)


def test_another_process_makes_the_same_tapes_in_the_order_of_the_orders(
    tiny_corpus: Path,
) -> None:
    with TapePool(CorpusFolders(tiny_corpus, (), ()), LABELS, RECIPE) as pool:
        pool.order(1)
        pool.order(0)
        for number in (1, 0):
            taken = pool.take()
            assert taken.number == number
            here = made_here(tiny_corpus, RECIPE, number)
            np.testing.assert_array_equal(taken.log_mel, here.log_mel)


def test_what_goes_wrong_over_there_is_said_here(tmp_path: Path) -> None:
    nowhere = CorpusFolders(tmp_path / "nowhere", (), ())
    with TapePool(nowhere, LABELS, RECIPE) as pool:
        pool._process.join()
        with pytest.raises(DataError, match="nowhere"):
            pool.order(0)
    with TapePool(nowhere, LABELS, RECIPE) as pool, pytest.raises(DataError, match="nowhere"):
        pool.take()


def test_a_process_that_is_killed_does_not_leave_the_training_waiting(tiny_corpus: Path) -> None:
    with TapePool(CorpusFolders(tiny_corpus, (), ()), LABELS, RECIPE) as pool:
        assert pool._process.pid is not None
        pool.order(0)
        assert pool.take().number == 0
        os.kill(pool._process.pid, signal.SIGKILL)
        pool._process.join()
        with pytest.raises(KwsError, match="has died"):
            pool.order(1)
        with pytest.raises(KwsError, match="has died"):
            pool.take()
