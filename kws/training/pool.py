"""Generations of tapes, made by a process of its own while the last one is trained on.

Tape i of generation g comes from a random generator seeded with (seed, g, i): the same seed gives
the same tapes, in whatever order and however often a run is interrupted.
"""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import read_corpus
from kws.errors import KwsError
from kws.training.acoustic_rooms import room_responses
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.recipe import Recipe
from kws.training.sounds import Mined, SoundLibrary
from kws.training.tapes import TapeMaker
from kws.training.targets import LabelSet
from kws.training.teacher import Teacher

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class CorpusFolders:
    """Where a corpus lies; enough for another process to open it from the cache."""

    data: Path
    negatives: tuple[Path, ...] = ()
    noise: tuple[Path, ...] = ()
    cache: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """A pool of tapes."""

    number: int
    log_mel: npt.NDArray[np.float16]
    """(tapes, T, mels)"""
    codes: npt.NDArray[np.int16]
    """(tapes, T / block)"""
    windows: npt.NDArray[np.int16]
    """(tapes, T / block)"""
    taught: npt.NDArray[np.float16]
    """(tapes, MOST_WORDS, keywords + 1)"""


class Background(Generic[Made]):
    """A process of its own that makes what is ordered.  Close it, or use it in a `with`."""

    def __init__(self, serve: Callable[..., None], *arguments: object) -> None:
        """Start `serve` with a connection, on which orders come and results go, and `arguments`."""
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, order: object) -> None:
        """Have something made in the background.

        Raises:
            KwsError: what went wrong over there.
        """
        try:
            self._connection.send(order)
        except OSError:
            # Nobody is there to read it.  Why is said behind what was made before.
            while True:
                self.take()

    def take(self) -> Made:
        """What was ordered first of all that is not taken yet; waits until it is complete.

        Raises:
            KwsError: what went wrong over there.
        """
        try:
            answer: Made | KwsError = self._connection.recv()
        except (EOFError, OSError) as error:
            raise KwsError(
                "the process that mixes tapes has died, most likely for lack of memory: free some "
                "and go on with --resume"
            ) from error
        if isinstance(answer, KwsError):
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.terminate()
        self._process.join()


class TapePool(Background[Generation]):
    """Orders generations from the process that makes them."""

    def __init__(self, folders: CorpusFolders, labels: LabelSet, recipe: Recipe) -> None:
        super().__init__(_serve, folders, labels, recipe)

    def order(self, number: int, mined: Sequence[Mined] = ()) -> None:
        """Have generation `number` made in the background."""
        self.send((number, tuple(mined)))


def _serve(
    connection: Connection, folders: CorpusFolders, labels: LabelSet, recipe: Recipe
) -> None:
    """Make what is ordered until the other side hangs up, be it because it was killed."""
    os.nice(5)
    try:
        corpus = read_corpus(folders.data, folders.negatives, folders.noise, folders.cache)
        rooms = room_responses(cache=folders.cache) if "noise" in recipe.augmentation else None
        teacher = Teacher(Path(recipe.teacher), labels.keywords) if recipe.teacher else None
        while True:
            number, mined = connection.recv()
            library = SoundLibrary(
                corpus, labels.keywords, mined=mined, place="place" in recipe.augmentation
            )
            connection.send(make_generation(library, labels, recipe, rooms, number, teacher))
    except KwsError as error:
        connection.send(error)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return


def make_generation(
    library: SoundLibrary,
    labels: LabelSet,
    recipe: Recipe,
    rooms: npt.NDArray[np.float32] | None,
    number: int,
    teacher: Teacher | None = None,
) -> Generation:
    """All tapes of one generation."""
    maker = TapeMaker(
        library,
        labels,
        LogMel(recipe.features, build_matrices(recipe.features)),
        recipe.network.block,
        recipe.tape_frames,
        recipe.augmentation,
        rooms,
        teacher,
    )
    tapes = [
        maker.make(np.random.default_rng((recipe.seed, number, index)))
        for index in range(recipe.tapes)
    ]
    return Generation(
        number,
        np.stack([tape.log_mel for tape in tapes]),
        np.stack([tape.codes for tape in tapes]),
        np.stack([tape.windows for tape in tapes]),
        np.stack([tape.taught for tape in tapes]),
    )
