"""Generations of tapes with the teacher's embeddings, made while the last one is learnt from.

Tape i of generation g comes from a random generator seeded with (seed, g, i), as in
`kws.training.pool`.  Nothing is kept on disk: unfolded, the teacher is as fast as the mixing, and
each generation has new speeds, levels, neighbours and noise.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import Corpus, read_corpus
from kws.corpus.mixing import Audio, amplitude
from kws.corpus.parts import Part
from kws.errors import KwsError
from kws.training.acoustic_rooms import room_responses
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.pool import Background, CorpusFolders
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.tapes import TapeMixer
from kws.training.pretraining.teacher import EmbeddingTeacher
from kws.training.sounds import SoundLibrary

_FLOOR = -75.0
"""Noise under what the teacher is given, in dBFS: it may never have heard digital silence."""


@dataclass(frozen=True, slots=True, eq=False)
class TaughtTapes:
    """Tapes as the student hears them, and what the teacher says of them when they are clean."""

    number: int
    log_mel: npt.NDArray[np.float16]
    """(hearings, tapes, T, mels)"""
    embeddings: npt.NDArray[np.float16]
    """(tapes, E, dimensions)"""


class TaughtPool(Background[TaughtTapes]):
    """Orders generations from the process that makes them."""

    def __init__(
        self,
        folders: CorpusFolders,
        recipe: PretrainingRecipe,
        teacher: Path,
        make_teacher: Callable[[Path], EmbeddingTeacher],
    ) -> None:
        super().__init__(_serve, folders, recipe, teacher, make_teacher)


def _serve(
    connection: Connection,
    folders: CorpusFolders,
    recipe: PretrainingRecipe,
    teacher: Path,
    make_teacher: Callable[[Path], EmbeddingTeacher],
) -> None:
    """Make what is ordered until the other side hangs up, be it because it was killed."""
    os.nice(5)
    try:
        corpus = read_corpus(folders.data, folders.negatives, folders.noise, folders.cache)
        mixer = training_mixer(corpus, recipe, folders.cache)
        answers = make_teacher(teacher)
        while True:
            connection.send(make_taught(mixer, recipe, answers, connection.recv()))
    except KwsError as error:
        connection.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return


def make_library(corpus: Corpus, recipe: PretrainingRecipe, part: Part) -> SoundLibrary:
    """All words and all talk of a part; no word is a keyword yet."""
    return SoundLibrary(
        corpus, (), part, place=part == "training" and "place" in recipe.augmentation
    )


def training_mixer(corpus: Corpus, recipe: PretrainingRecipe, cache: Path | None) -> TapeMixer:
    """A mixer of the training part."""
    rooms = room_responses(cache=cache) if "noise" in recipe.augmentation else None
    library = make_library(corpus, recipe, "training")
    return TapeMixer(library, recipe.tape_samples, recipe.augmentation, rooms)


def make_taught(
    mixer: TapeMixer, recipe: PretrainingRecipe, teacher: EmbeddingTeacher, number: int
) -> TaughtTapes:
    """All tapes of one generation."""
    log_mel = LogMel(recipe.features, build_matrices(recipe.features))
    heard = np.zeros(
        (recipe.hearings, recipe.tapes, recipe.tape_frames, recipe.features.mels), np.float16
    )
    embeddings: list[npt.NDArray[np.float16]] = []
    for index in range(recipe.tapes):
        rng = np.random.default_rng((recipe.seed, number, index))
        clean = mixer.clean(rng)
        embeddings.append(taught(teacher, rng, clean))
        for hearing in heard:
            hearing[index] = log_mel(mixer.heard(rng, clean))
    return TaughtTapes(number, heard, np.stack(embeddings))


def taught(
    teacher: EmbeddingTeacher, rng: np.random.Generator, clean: Audio
) -> npt.NDArray[np.float16]:
    """(E, dimensions) what a teacher says of a clean tape (N,)."""
    hiss = np.float32(amplitude(_FLOOR)) * rng.standard_normal(len(clean), dtype=np.float32)
    return teacher(clean + hiss).astype(np.float16)
