"""`kws train`: from folders of recordings to a model."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.completion import complete_preset
from kws.cli.options import parse_words
from kws.cli.recipes import changed, leave_out
from kws.extras import require
from kws.text import counted

if TYPE_CHECKING:
    from kws.training.recipe import Recipe

_PACKAGES = ("torch", "scipy", "python_speech_features", "pyroomacoustics", "matplotlib")


def train(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder with a folder of clips per word.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Model folder to write.")],
    negatives: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of speech without keywords; may be repeated."),
    ] = None,
    noise: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Folder of noise; may be repeated.")
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(
            metavar="W,W",
            help="Keywords; by default the ten of Speech Commands, else all words of DATA.",
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(metavar="NAME", autocompletion=complete_preset, help="Recipe to train by."),
    ] = "default",
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="How long to train; 30 without --steps.")
    ] = None,
    steps: Annotated[int | None, typer.Option(metavar="N", help="How many steps to train.")] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all that is random.")] = 1,
    without: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP,GROUP",
            help="Augmentation to leave out: place, noise, spectral, near_misses, faults.",
        ),
    ] = None,
    false_alarms: Annotated[
        float,
        typer.Option(
            metavar="PER_HOUR", help="False alarms an hour that the thresholds are written for."
        ),
    ] = 1.0,
    base: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Start from this base, which `kws pretrain` made."),
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(metavar="TFLITE", help="Distil this published clip model.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Change a field of the recipe."),
    ] = None,
    threads: Annotated[int, typer.Option(metavar="N", help="CPU threads of the trainer.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the interrupted run in DIR.")
    ] = False,
) -> None:
    """Train a model on recordings of your words.

    DATA is laid out as Speech Commands is: a folder per word, with
    validation_list.txt and testing_list.txt if there are any. The model is
    written after every validation, so an interrupted training leaves one
    that works; the run itself is kept in DIR/run (checkpoint, log, curve).

    With --steps, the same seed gives the same figures again.

    Examples:

        kws train recordings/ --out models/mine

        kws train speech_commands/ --negatives librispeech/ --noise home/ --out models/commands

        kws train recordings/ --base models/base --out models/mine

        kws train speech_commands/ --preset article --steps 4000 --out models/article

        kws train speech_commands/ --out models/commands --resume
    """
    require("train", "training", *_PACKAGES)
    recipe = _recipe(preset, seed, without, teacher, settings or [], None if resume else base)
    import torch  # seconds, which a wrong flag need not wait for

    from kws.cli.output import write_line
    from kws.cli.training_progress import TerminalReporter
    from kws.training.progress import Budget
    from kws.training.run import Goal, RunSettings
    from kws.training.run import train as run_training

    torch.set_num_threads(threads)
    if minutes is None and steps is None:
        minutes = 30.0
    run = RunSettings(
        data=str(data),
        negatives=tuple(map(str, negatives or ())),
        noise=tuple(map(str, noise or ())),
        keywords=tuple(parse_words(words) or ()),
        recipe=recipe,
        command=_command(),
        base="" if base is None else str(base),
    )
    with TerminalReporter() as reporter:
        spec = run_training(run, out, Goal(Budget(minutes, steps), false_alarms), reporter, resume)
    words = counted(len(spec.keywords), "keyword")
    write_line(f"wrote {out}: {words}, `kws listen --model {out}` tries it")


def _recipe(
    preset: str,
    seed: int,
    without: str | None,
    teacher: Path | None,
    changes: list[str],
    base: Path | None,
) -> "Recipe":
    """The preset with what the flags change in it.

    The default preset takes features and network from `base`; another one has to agree with it.

    Raises:
        ConfigError: a field or a group that does not exist, or a value that does not fit it.
        ModelError: the base is missing or damaged.
    """
    import msgspec

    from kws.training.augmentation import GROUPS
    from kws.training.recipe import Recipe
    from kws.training.recipe import preset as find_preset

    recipe = msgspec.to_builtins(find_preset(preset))
    recipe["seed"] = seed
    if base is not None and preset == "default":
        from kws.training.base import load_base

        spec = load_base(base).spec
        recipe["features"] = msgspec.to_builtins(spec.features)
        recipe["network"] = msgspec.to_builtins(spec.network)
    if teacher is not None:
        recipe["teacher"] = str(teacher)
    recipe["augmentation"] = [
        group for group in recipe["augmentation"] if group in leave_out(GROUPS, without)
    ]
    return changed(recipe, changes, Recipe)


def _command() -> str:
    """The call as it could be typed again."""
    return shlex.join(["kws", *sys.argv[1:]])
