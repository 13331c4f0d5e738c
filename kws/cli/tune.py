"""`kws tune`: thresholds for a wished number of false alarms an hour."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.options import ModelOption, NegativesOption, NoiseOption
from kws.cli.talk import say
from kws.errors import ConfigError, DataError
from kws.extras import require

if TYPE_CHECKING:
    from rich.table import Table

    from kws.evaluation.tuning import Outcome, Tuning
    from kws.spotting.model import Model
    from kws.spotting.model_spec import KeywordSettings

_SNRS = (None, 10.0)


def tune(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder with a folder per word.")],
    model: ModelOption = None,
    negatives: NegativesOption = None,
    noise: NoiseOption = None,
    false_alarms: Annotated[
        float, typer.Option("--false-alarms", metavar="PER_HOUR", min=0, help="How many to allow.")
    ] = 1.0,
    smoothing: Annotated[
        int | None,
        typer.Option("--smoothing", metavar="ROWS", min=1, max=50, help="Do not choose, take it."),
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Write the result to the model.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a tuned copy of the model.")
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of order, gaps, noise.")
    ] = 1,
) -> None:
    """Choose thresholds on the validation part, for a wished number of false alarms an hour.

    False alarms are counted on the negatives and the noise of the validation part, misses on
    streams of its clips, clean and at 10 dB. The test part is never used. Without --save or --out
    the result is only shown.

    Examples:

        kws tune speech_commands --negatives librispeech --false-alarms 0.5

        kws tune my_words --model my_model --negatives talk --save
    """
    require("train", "measuring", "scipy", "matplotlib")
    import msgspec

    from kws.cli.evaluation_progress import stages
    from kws.evaluation.evaluate import hear_for_tuning
    from kws.evaluation.listeners import SpotterListener
    from kws.evaluation.materials import Folders, read_material
    from kws.evaluation.tuning import SMOOTHINGS
    from kws.evaluation.tuning import tune as choose
    from kws.spotting.model import load_model, save_model
    from kws.training.engines import choose_engine

    if save and out:
        raise ConfigError("--save and --out are one too many: name one")
    loaded = load_model(model)
    listener = SpotterListener(loaded, choose_engine(loaded))
    folders = Folders(data, tuple(negatives or ()), noise=tuple(noise or ()))
    material = read_material(folders, "validation", loaded.words)
    if not material.quiet:
        raise DataError(
            "there is no speech or noise in the validation part to count false alarms on: "
            "give --negatives or --noise folders with more recordings"
        )
    with stages() as stage:
        streams = hear_for_tuning(listener, material, _SNRS, seed, stage)
    keywords, tuning = choose(
        loaded.spec, streams, false_alarms, SMOOTHINGS if smoothing is None else (smoothing,)
    )
    _print(loaded, keywords, tuning)
    target = loaded.path if save else out
    if target:
        spec = msgspec.structs.replace(
            loaded.spec,
            keywords=tuple(keywords),
            metrics={**loaded.spec.metrics, "tuning": msgspec.to_builtins(tuning)},
        )
        save_model(target, spec, loaded.matrices, loaded.weights)
        say(f"written to {target}")


def _print(model: "Model", keywords: list["KeywordSettings"], tuning: "Tuning") -> None:
    from kws.cli.output import print_wide

    print_wide(
        _table(model, keywords, tuning),
        f"before: {_describe(tuning.before)}",
        f"after:  {_describe(tuning.after)}",
        f"Of so few hours ({tuning.after.hours:.2f}) the true rate can only be said to lie between "
        f"{tuning.after.low:.2f} and {tuning.after.high:.2f} an hour (95 %).",
    )


def _table(model: "Model", keywords: list["KeywordSettings"], tuning: "Tuning") -> "Table":
    from rich import box
    from rich.table import Table

    title = f"{model.spec.name}: for {tuning.wished:g} false alarms an hour"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("word", "threshold", "was", "release", "rows", "was", "usual delay"):
        table.add_column(column, justify="left" if column == "word" else "right")
    for old, new in zip(model.spec.keywords, keywords, strict=True):
        table.add_row(
            new.word,
            f"{new.threshold:.3f}",
            f"{old.threshold:.3f}",
            f"{new.release:.3f}",
            str(new.smoothing),
            str(old.smoothing),
            f"{new.end_offset / model.spec.features.sample_rate * 1000:.0f} ms",
        )
    return table


def _describe(outcome: "Outcome") -> str:
    return (
        f"{100 * outcome.miss_rate:.1f} % of {outcome.keywords} keywords missed, "
        f"{outcome.clip_errors} other mistakes on those streams, "
        f"{outcome.alarms} false alarms in {outcome.hours:.2f} hours"
    )
