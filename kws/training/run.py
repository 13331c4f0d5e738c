"""One training from recordings to a model folder: the whole chain in one place."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np

from kws.corpus.corpus import Corpus, check_words, read_corpus
from kws.corpus.speech_commands import OFFICIAL_KEYWORDS
from kws.errors import ConfigError, DataError, ModelError
from kws.spotting.matrices import Matrices
from kws.spotting.model import load_model
from kws.spotting.model_spec import ModelSpec
from kws.spotting.row_clock import RowClock
from kws.text import counted
from kws.training.acoustic_rooms import room_responses
from kws.training.base import Base, load_base, start_from
from kws.training.checkpoint import CHECKPOINT_FILE
from kws.training.export import choose_threshold, export_model
from kws.training.feature_matrices import build_matrices
from kws.training.learner import Learner, make_learner, new_network
from kws.training.learning_curve import draw_curve
from kws.training.logmel import LogMel
from kws.training.objective import Objective
from kws.training.pool import CorpusFolders, TapePool, make_generation
from kws.training.progress import Budget, Figures
from kws.training.recipe import Recipe
from kws.training.scoring import NegativeMiner
from kws.training.sounds import SoundLibrary
from kws.training.spectral import Cepstrum
from kws.training.targets import LabelSet, choose_labels
from kws.training.trainer import Trainer
from kws.training.validation import validation_streams
from kws.training.validator import Validator
from kws.writing import write_atomically

RUN_FILE = "run.json"
RUN_FOLDER = "run"
"""Below the model folder: checkpoint, log and curve of the training."""

_STATISTICS_TAPES = 32


class Reporter(Protocol):
    """Who tells the user how it goes."""

    def note(self, text: str) -> None:
        """A line worth reading."""

    def decoded(self, done: int, total: int) -> None:
        """Files decoded so far, of one folder."""

    def stepped(self, share: float, loss: float) -> None:
        """The used share of the budget after a step, and its loss."""

    def validated(self, figures: Figures) -> None:
        """Figures of a validation."""


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was started with; kept beside its checkpoint."""

    data: str
    negatives: tuple[str, ...]
    noise: tuple[str, ...]
    keywords: tuple[str, ...]
    recipe: Recipe
    command: str = ""
    base: str = ""
    """Folder of a base that the network starts from; empty for none."""
    base_facts: dict[str, Any] = {}
    """Name, digest and teacher of that base, for the model card."""
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def folders(self) -> CorpusFolders:
        """Where the recordings are."""
        return CorpusFolders(
            Path(self.data), tuple(map(Path, self.negatives)), tuple(map(Path, self.noise))
        )

    def matrices(self) -> Matrices:
        """The arrays of the features, with the normalisation of this run."""
        return dataclasses.replace(
            build_matrices(self.recipe.features),
            mean=np.array(self.mean),
            deviation=np.array(self.deviation),
        )


@dataclass(frozen=True, slots=True)
class Goal:
    """When to stop, and what false-alarm rate the thresholds are written for."""

    budget: Budget
    false_alarms_per_hour: float = 1.0


def train(
    settings: RunSettings, folder: Path, goal: Goal, reporter: Reporter, resume: bool = False
) -> ModelSpec:
    """Train on `settings` and write a model to `folder`; its run is kept in ``folder/run``.

    The model is exported after every validation, so that an interrupted run leaves a valid one.

    Raises:
        DataError: recordings that cannot serve, or nothing to resume from.
        ConfigError: a recipe that makes no sense or contradicts the base, or a folder that holds
            another run.
        ModelError: the base is missing or damaged.
        OutputError: no space or no permission.
    """
    run_folder = folder / RUN_FOLDER
    if resume:
        settings = load_settings(run_folder)
    elif (run_folder / CHECKPOINT_FILE).exists():
        raise ConfigError(f"{folder} holds a run already: add --resume or choose another folder")
    base = load_base(Path(settings.base)) if settings.base and not resume else None
    if base:
        settings = _with_base(settings, base)
    settings.recipe.check()
    folders = settings.folders()
    corpus = read_corpus(
        folders.data, folders.negatives, folders.noise, folders.cache, reporter.decoded
    )
    for path, why in corpus.corrupt.items():
        reporter.note(f"skipped {path}: {why}")
    settings = _with_keywords(settings, corpus)
    check_words(corpus, settings.keywords)
    labels = choose_labels(
        dict(corpus.word_counts("training")), settings.keywords, settings.recipe.own_output
    )
    settings = _with_statistics(settings, corpus, labels)
    write_atomically(
        run_folder / RUN_FILE, msgspec.json.format(msgspec.json.encode(settings), indent=2)
    )
    trainer = make_trainer(settings, corpus, labels, run_folder)
    if resume:
        trainer.resume()
        reporter.note(f"going on after step {trainer.progress.step}")
    elif base:
        start_from(trainer.learner.network, base)
        start_from(trainer.learner.averaged, base)
    reporter.note(_summary(corpus, labels, trainer.learner))

    def validated(figures: Figures) -> None:
        draw_curve(run_folder)
        if figures.frr == trainer.progress.best:
            export_best(trainer, settings, corpus, labels, folder, goal)
        reporter.validated(figures)

    with TapePool(folders, labels, settings.recipe) as pool:
        trainer.run(goal.budget, pool, validated, reporter.stepped)
    return load_model(folder).spec


def make_trainer(
    settings: RunSettings, corpus: Corpus, labels: LabelSet, run_folder: Path
) -> Trainer:
    """A trainer at its start."""
    recipe, matrices = settings.recipe, settings.matrices()
    log_mel = LogMel(recipe.features, matrices)
    learner = make_learner(recipe, len(labels.labels))
    cepstrum = Cepstrum(matrices, learner.device)
    validator = Validator(
        validation_streams(corpus, labels, log_mel, recipe.seed),
        labels.keywords,
        cepstrum,
        RowClock.of(recipe.features, recipe.network.block),
        learner.device,
    )
    return Trainer(
        recipe,
        learner,
        Objective(recipe, labels, learner.device),
        cepstrum,
        validator,
        NegativeMiner(corpus, log_mel),
        run_folder,
    )


def export_best(
    trainer: Trainer,
    settings: RunSettings,
    corpus: Corpus,
    labels: LabelSet,
    folder: Path,
    goal: Goal,
) -> ModelSpec:
    """Export the best weights so far with the threshold that validation asks for."""
    network = trainer.load_best(new_network(settings.recipe, len(labels.labels)))
    validator = trainer.validator
    choice = choose_threshold(
        validator.posteriors(network),
        validator.streams,
        validator.keywords,
        validator.clock,
        goal.false_alarms_per_hour,
    )
    training: dict[str, Any] = {
        "command": settings.command,
        "steps": trainer.progress.step,
        "minutes": round(trainer.progress.seconds / 60, 1),
        "clips": corpus.word_counts("training").total(),
        "false_alarms_per_hour": goal.false_alarms_per_hour,
    }
    if settings.base_facts:
        training["base"] = settings.base_facts
    return export_model(
        folder, settings.recipe, labels, settings.matrices(), network, corpus, choice, training
    )


def load_settings(run_folder: Path) -> RunSettings:
    """What the run in a folder was started with.

    Raises:
        DataError: there is no run, or its file is damaged.
    """
    path = run_folder / RUN_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunSettings)
    except OSError as error:
        raise DataError(f"{run_folder} holds no run to resume: train without --resume") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ModelError) as error:
        raise DataError(f"{path} is damaged ({error}): train without --resume") from error


def _with_base(settings: RunSettings, base: Base) -> RunSettings:
    """Settings with the normalisation that a base grew up with.

    Raises:
        ConfigError: the recipe asks for other features or another network.
    """
    recipe, spec = settings.recipe, base.spec
    for field in ("features", "network"):
        if getattr(recipe, field) != getattr(spec, field):
            raise ConfigError(
                f"{field} of the recipe (preset {recipe.preset!r}) differ from those of the base "
                f"{settings.base}: leave --preset and --set {field} away, or train without --base"
            )
    facts = {"name": spec.name, "sha256": base.sha256, "teacher": msgspec.to_builtins(spec.teacher)}
    return msgspec.structs.replace(
        settings,
        base_facts=facts,
        mean=tuple(base.matrices.mean.tolist()),
        deviation=tuple(base.matrices.deviation.tolist()),
    )


def _with_keywords(settings: RunSettings, corpus: Corpus) -> RunSettings:
    """Keywords that were asked for, or the official ten where a corpus has them, or all words."""
    if settings.keywords:
        return settings
    words = {recording.word for recording in corpus.recordings if recording.kind == "word"}
    official = [word for word in OFFICIAL_KEYWORDS if word in words]
    complete = len(official) == len(OFFICIAL_KEYWORDS)
    chosen = tuple(official if complete else sorted(words))
    return msgspec.structs.replace(settings, keywords=chosen)


def _with_statistics(settings: RunSettings, corpus: Corpus, labels: LabelSet) -> RunSettings:
    """Mean and deviation of the coefficients over some training tapes, unless known already."""
    if settings.mean:
        return settings
    recipe = msgspec.structs.replace(settings.recipe, tapes=_STATISTICS_TAPES)
    rooms = room_responses() if "noise" in recipe.augmentation else None
    tapes = make_generation(SoundLibrary(corpus, settings.keywords), labels, recipe, rooms, 0)
    matrices = build_matrices(recipe.features)
    cepstrum = (tapes.log_mel.astype(np.float64) @ matrices.dct).reshape(-1, matrices.dct.shape[1])
    return msgspec.structs.replace(
        settings,
        mean=tuple(cepstrum.mean(axis=0).tolist()),
        deviation=tuple((cepstrum.std(axis=0) + 1e-3).tolist()),
    )


def _summary(corpus: Corpus, labels: LabelSet, learner: Learner) -> str:
    clips, validation = corpus.word_counts("training"), corpus.word_counts("validation")
    speech, noise = corpus.seconds("speech", "training"), corpus.seconds("noise", "training")
    # By name: where --words was not given, a folder may have become a keyword that was not to.
    words = " ".join(labels.keywords)
    return (
        f"{counted(len(labels.keywords), 'keyword')} ({words}), "
        f"{counted(clips.total(), 'clip')} for training and "
        f"{validation.total()} for validation, {speech / 3600:.2f} h of speech and "
        f"{noise / 3600:.2f} h of noise; {learner.parameters:,} parameters on {learner.device}"
    )
