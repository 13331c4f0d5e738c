"""`kws pretrain`: from any speech to a network that has learnt to hear."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.completion import complete_preset
from kws.cli.recipes import changed, leave_out
from kws.extras import require

if TYPE_CHECKING:
    from kws.training.pretraining.recipe import PretrainingRecipe

_PACKAGES = ("torch", "scipy", "python_speech_features", "pyroomacoustics", "matplotlib")


def pretrain(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder with a folder of clips per word.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Base folder to write.")],
    teacher: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder with melspectrogram.onnx and embedding_model.onnx."
        ),
    ],
    speech: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of speech; may be repeated."),
    ] = None,
    noise: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Folder of noise; may be repeated.")
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="NAME", autocompletion=complete_preset, help="Whose network and features."
        ),
    ] = "default",
    minutes: Annotated[
        float | None, typer.Option(metavar="N", help="How long to train; 60 without --steps.")
    ] = None,
    steps: Annotated[int | None, typer.Option(metavar="N", help="How many steps to train.")] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all that is random.")] = 1,
    without: Annotated[
        str | None,
        typer.Option(
            metavar="GROUP,GROUP",
            help="Augmentation to leave out: place, noise, voices, spectral, faults.",
        ),
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
    """Teach a network to hear before it learns words.

    It learns to predict a published speech embedding, along streams with
    noise, rooms and faults, while its teacher hears the same streams clean. No
    label is used: any speech serves. `kws train --base DIR` goes on from it.
    docs/pretraining.md says where the teacher's two files come from.

    DATA is laid out as for `kws train`; its testing part is left alone.

    Examples:

        kws pretrain speech_commands/ --speech librispeech/ --noise home/
        --teacher speech_embedding/ --out models/base

        kws train speech_commands/ --base models/base --out models/commands
    """
    require("train", "pre-training", *_PACKAGES)
    require("pretrain", "pre-training", "onnx", "onnxruntime")
    recipe = _recipe(preset, seed, without, settings or [])
    import torch  # seconds, which a wrong flag need not wait for

    from kws.cli.output import write_line
    from kws.cli.pretraining_progress import PretrainingReporter
    from kws.training.pretraining.run import PretrainingSettings
    from kws.training.pretraining.run import pretrain as run_pretraining
    from kws.training.progress import Budget

    torch.set_num_threads(threads)
    if minutes is None and steps is None:
        minutes = 60.0
    run = PretrainingSettings(
        data=str(data),
        speech=tuple(map(str, speech or ())),
        noise=tuple(map(str, noise or ())),
        teacher=str(teacher),
        recipe=recipe,
        command=shlex.join(["kws", *sys.argv[1:]]),
    )
    with PretrainingReporter() as reporter:
        spec = run_pretraining(run, out, Budget(minutes, steps), reporter, resume)
    write_line(
        f"wrote {out}: error {spec.metrics['clean']:.2f} of the variance, "
        f"{spec.metrics['noise']:.2f} in noise; `kws train --base {out}` puts words on it"
    )


def _recipe(preset: str, seed: int, without: str | None, changes: list[str]) -> "PretrainingRecipe":
    """The recipe that the flags ask for.

    Raises:
        ConfigError: a preset, a field or a group that does not exist, or a value that does not fit.
    """
    import msgspec

    from kws.training.pretraining.recipe import GROUPS, PretrainingRecipe
    from kws.training.recipe import preset as find_preset

    whose = find_preset(preset)
    recipe = msgspec.to_builtins(
        PretrainingRecipe(preset=preset, seed=seed, features=whose.features, network=whose.network)
    )
    recipe["augmentation"] = leave_out(GROUPS, without)
    return changed(recipe, changes, PretrainingRecipe)
