"""Clean tapes, and what a student is given of them to hear."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from kws.corpus.corpus import Corpus, Recording, read_corpus
from kws.corpus.mixing import rms
from kws.errors import DataError
from kws.training.pretraining.pool import make_library, make_taught, training_mixer
from kws.training.pretraining.recipe import GROUPS, PretrainingRecipe
from kws.training.pretraining.run import check_voices
from kws.training.pretraining.tapes import TapeMixer
from kws.training.pretraining.validation import validation_tapes
from kws.training.recipe import preset
from tests.support.fake_teacher import FakeTeacher

SMALL = PretrainingRecipe(
    network=preset("default").network,
    augmentation=("place", "voices", "faults"),
    lanes=2,
    tapes=4,
    tape_chunks=2,
)


@pytest.fixture(scope="module")
def parted(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The tiny corpus with two speakers for validation and two for testing."""
    folder = tmp_path_factory.mktemp("parted") / "clips"
    shutil.copytree(tiny_corpus, folder)
    for name, voices in (("validation_list.txt", (0, 1)), ("testing_list.txt", (2, 3))):
        lines = [
            f"{word}/voice{voice}_nohash_0.wav"
            for word in ("rise", "fall", "flat")
            for voice in voices
        ]
        (folder / name).write_text("\n".join(lines))
    return read_corpus(folder)


def mixer(corpus: Corpus, *groups: str) -> TapeMixer:
    return TapeMixer(make_library(corpus, SMALL, "training"), SMALL.tape_samples, groups)


def test_the_same_generator_gives_the_same_tape(parted: Corpus) -> None:
    tapes = mixer(parted, *GROUPS)
    first, second = (np.random.default_rng(5) for _ in range(2))
    clean = tapes.clean(first)
    assert len(clean) == SMALL.tape_samples and np.abs(clean).max() <= 1
    np.testing.assert_array_equal(clean, tapes.clean(second))
    np.testing.assert_array_equal(tapes.heard(first, clean), tapes.heard(second, clean))


def test_without_groups_the_student_hears_what_the_teacher_hears(parted: Corpus) -> None:
    tapes = mixer(parted)
    rng = np.random.default_rng(1)
    clean = tapes.clean(rng)
    assert rms(tapes.heard(rng, clean) - clean) < 1.5e-3


def test_levels_and_noise_are_drawn_for_each_hearing(parted: Corpus) -> None:
    tapes = mixer(parted, "place", "noise")
    rng = np.random.default_rng(2)
    clean = tapes.clean(rng)
    levels = [20 * np.log10(rms(tapes.heard(rng, clean))) for _ in range(20)]
    assert max(levels) - min(levels) > 12
    assert all(np.abs(tapes.heard(rng, clean)).max() <= 1 for _ in range(5))


def test_noise_is_as_loud_as_it_is_asked_to_be(parted: Corpus) -> None:
    tapes = mixer(parted)
    clean = tapes.clean(np.random.default_rng(3))
    added = [
        rms(tapes.with_noise(np.random.default_rng(4), clean, decibels) - clean)
        for decibels in (0, 20)
    ]
    assert added[0] / added[1] == pytest.approx(10, rel=0.01)


def test_the_testing_part_is_never_opened(
    parted: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: set[str] = set()
    samples = Corpus.samples

    def spy(self: Corpus, recording: Recording) -> np.ndarray:
        opened.add(recording.part)
        return samples(self, recording)

    monkeypatch.setattr(Corpus, "samples", spy)
    teacher = FakeTeacher(tmp_path)
    tapes = make_taught(training_mixer(parted, SMALL, None), SMALL, teacher, 0)
    assert opened == {"training"}
    assert tapes.log_mel.shape == (2, 4, 400, 40)
    assert tapes.embeddings.shape == (4, (SMALL.tape_samples - 3200) // 1280 + 1, 4)
    assert not np.array_equal(tapes.log_mel[0], tapes.log_mel[1])
    opened.clear()
    validation_tapes(parted, SMALL, teacher)
    assert opened == {"validation"}


def test_somebody_must_be_left_to_measure_with(tiny_corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    shutil.copytree(tiny_corpus, folder)
    for name in ("validation_list.txt", "testing_list.txt"):
        (folder / name).touch()
    with pytest.raises(DataError, match="no clip is left for validation"):
        check_voices(read_corpus(folder))
