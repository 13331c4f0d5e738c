"""One pre-training from recordings to a base folder: the whole chain in one place."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np

from kws.corpus.corpus import Corpus, read_corpus
from kws.errors import ConfigError, DataError, ModelError
from kws.training.base import BaseSpec, load_base
from kws.training.checkpoint import CHECKPOINT_FILE
from kws.training.feature_matrices import build_matrices
from kws.training.learner import make_learner
from kws.training.pool import CorpusFolders
from kws.training.pretraining.distiller import Distiller, Errors
from kws.training.pretraining.export import draw_errors, export_base
from kws.training.pretraining.pool import TaughtPool, make_taught, training_mixer
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.targets import Scale, align
from kws.training.pretraining.teacher import EmbeddingTeacher, OnnxTeacher
from kws.training.pretraining.validation import validation_tapes
from kws.training.progress import Budget
from kws.training.run import RUN_FILE, RUN_FOLDER
from kws.training.spectral import Cepstrum
from kws.writing import write_atomically

_STATISTICS_TAPES = 32
_STATISTICS = 2_000_000
"""The number of the generation that means and deviations are taken from."""


class Reporter(Protocol):
    """Tells the user how it is going."""

    def note(self, text: str) -> None:
        """A line worth reading."""

    def decoded(self, done: int, total: int) -> None:
        """Files decoded so far, of one folder."""

    def stepped(self, share: float, loss: float) -> None:
        """The used share of the budget after a step, and its loss."""

    def measured(self, errors: Errors) -> None:
        """Errors of a validation."""


class PretrainingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a pre-training was started with; kept beside its checkpoint."""

    data: str
    speech: tuple[str, ...]
    noise: tuple[str, ...]
    teacher: str
    """Folder of the teacher's files."""
    recipe: PretrainingRecipe
    command: str = ""
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    embedding_mean: tuple[float, ...] = ()
    embedding_deviation: tuple[float, ...] = ()

    def folders(self) -> CorpusFolders:
        """Where the recordings are."""
        return CorpusFolders(
            Path(self.data), tuple(map(Path, self.speech)), tuple(map(Path, self.noise))
        )


TeacherMaker = Callable[[Path], EmbeddingTeacher]


def pretrain(
    settings: PretrainingSettings,
    folder: Path,
    budget: Budget,
    reporter: Reporter,
    resume: bool = False,
    make_teacher: TeacherMaker = OnnxTeacher,
) -> BaseSpec:
    """Pre-train by `settings` and write a base to `folder`; its run is kept in ``folder/run``.

    The base is written after every validation, so that an interrupted run leaves a valid one.

    Args:
        make_teacher: called here and in the process that mixes; a function of a module.

    Raises:
        DataError: recordings that cannot serve, or nothing to resume from.
        ConfigError: a recipe or a teacher that makes no sense, or a folder that holds another run.
        OutputError: no space or no permission.
    """
    run_folder = folder / RUN_FOLDER
    if resume:
        settings = load_settings(run_folder)
    elif (run_folder / CHECKPOINT_FILE).exists():
        raise ConfigError(f"{folder} holds a run already: add --resume or choose another folder")
    recipe = settings.recipe
    recipe.check()
    teacher = make_teacher(Path(settings.teacher))
    alignment = align(recipe, teacher)
    folders = settings.folders()
    corpus = read_corpus(
        folders.data, folders.negatives, folders.noise, folders.cache, reporter.decoded
    )
    for path, why in corpus.corrupt.items():
        reporter.note(f"skipped {path}: {why}")
    check_voices(corpus)
    settings = _with_statistics(settings, corpus, teacher)
    write_atomically(
        run_folder / RUN_FILE, msgspec.json.format(msgspec.json.encode(settings), indent=2)
    )
    matrices = dataclasses.replace(
        build_matrices(recipe.features),
        mean=np.array(settings.mean),
        deviation=np.array(settings.deviation),
    )
    scale = Scale(
        np.array(settings.embedding_mean, np.float32),
        np.array(settings.embedding_deviation, np.float32),
    )
    learner = make_learner(recipe, len(scale.mean))
    distiller = Distiller(
        recipe,
        learner,
        Cepstrum(matrices, learner.device),
        scale,
        alignment,
        validation_tapes(corpus, recipe, teacher),
        run_folder,
    )
    if resume:
        distiller.resume()
        reporter.note(f"going on after step {distiller.course.step}")
    reporter.note(_summary(corpus, distiller))

    def measured(errors: Errors) -> None:
        draw_errors(run_folder)
        export_base(
            folder, distiller, matrices, errors, alignment, teacher.facts, corpus, settings.command
        )
        reporter.measured(errors)

    with TaughtPool(folders, recipe, Path(settings.teacher), make_teacher) as pool:
        distiller.run(budget, pool, measured, reporter.stepped)
    return load_base(folder).spec


def check_voices(corpus: Corpus) -> None:
    """Raise `DataError` if nobody speaks in a part that a pre-training needs."""
    for part in ("training", "validation"):
        if not corpus.word_counts(part):
            raise DataError(
                f"no clip is left for {part}: record more, or remove the lists that decide the "
                "parts (docs/training.md)"
            )


def load_settings(run_folder: Path) -> PretrainingSettings:
    """What the run in a folder was started with.

    Raises:
        DataError: there is no run, or its file is damaged.
    """
    path = run_folder / RUN_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=PretrainingSettings)
    except OSError as error:
        raise DataError(f"{run_folder} holds no run to resume: start without --resume") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ModelError) as error:
        raise DataError(f"{path} is damaged ({error}): start without --resume") from error


def _with_statistics(
    settings: PretrainingSettings, corpus: Corpus, teacher: EmbeddingTeacher
) -> PretrainingSettings:
    """Means and deviations of MFCC and embedding over training tapes, unless known already."""
    if settings.mean:
        return settings
    recipe = msgspec.structs.replace(settings.recipe, tapes=_STATISTICS_TAPES)
    mixer = training_mixer(corpus, recipe, settings.folders().cache)
    tapes = make_taught(mixer, recipe, teacher, _STATISTICS)
    matrices = build_matrices(recipe.features)
    cepstrum = (tapes.log_mel.astype(np.float64) @ matrices.dct).reshape(-1, matrices.dct.shape[1])
    embeddings = tapes.embeddings.reshape(-1, tapes.embeddings.shape[-1]).astype(np.float64)
    return msgspec.structs.replace(
        settings,
        mean=tuple(cepstrum.mean(axis=0).tolist()),
        deviation=tuple((cepstrum.std(axis=0) + 1e-3).tolist()),
        embedding_mean=tuple(embeddings.mean(axis=0).tolist()),
        embedding_deviation=tuple((embeddings.std(axis=0) + 1e-3).tolist()),
    )


def _summary(corpus: Corpus, distiller: Distiller) -> str:
    clips = corpus.word_counts("training").total()
    seconds = {kind: corpus.seconds(kind, "training") for kind in ("word", "speech", "noise")}
    return (
        f"{clips} clips ({seconds['word'] / 3600:.2f} h), {seconds['speech'] / 3600:.2f} h of "
        f"speech and {seconds['noise'] / 3600:.2f} h of noise to learn from; "
        f"{distiller.learner.parameters:,} parameters on {distiller.learner.device}"
    )
