"""`kws eval`: how good a model is, on clips, on streams and where nothing should fire."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kws.cli.options import ModelOption, NegativesOption, NoiseOption
from kws.errors import ConfigError, OutputError
from kws.extras import require
from kws.writing import write_atomically

if TYPE_CHECKING:
    from kws.corpus.parts import Part
    from kws.evaluation.materials import Folders, Material
    from kws.evaluation.results import Evaluation

_QUICK_CLIPS = 300
_QUICK_MINUTES = 10.0
_CLEAN = "clean"


def evaluate(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="Folder with a folder per word.")],
    model: ModelOption = None,
    negatives: NegativesOption = None,
    running: Annotated[
        list[Path] | None,
        typer.Option("--running", metavar="DIR", help="Running speech that may contain keywords."),
    ] = None,
    noise: NoiseOption = None,
    part: Annotated[
        Literal["test", "validation"], typer.Option("--part", help="Which recordings.")
    ] = "test",
    streams: Annotated[
        str, typer.Option("--streams", metavar="X,X", help="clean, or an SNR in dB.")
    ] = "clean,20,10,5",
    teacher: Annotated[
        Path | None,
        typer.Option("--teacher", metavar="TFLITE", help="A clip model to slide for comparison."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of order, gaps, noise.")
    ] = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help="A random share of the recordings only.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object with all figures and mistakes."),
    ] = False,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a report with plots.")
    ] = None,
    audio: Annotated[
        Path | None,
        typer.Option("--audio", metavar="DIR", help="Write the streams, with labels for Audacity."),
    ] = None,
) -> None:
    """Measure a model on recordings that it was not trained on.

    Clips of the part are labelled one by one, and spliced to unbroken streams, clean and in noise.
    Negatives of the same part tell how often the model fires where it should not.

    Examples:

        kws eval speech_commands --html report.html

        kws eval speech_commands --negatives librispeech --noise household --json > figures.json

        kws eval my_words --model my_model --quick
    """
    require("train", "measuring", "scipy", "matplotlib")
    from kws.cli.evaluation_progress import stages
    from kws.evaluation.clip_model import SlidClipModel
    from kws.evaluation.evaluate import evaluate as run
    from kws.evaluation.materials import Folders
    from kws.evaluation.recordings import write_stream
    from kws.spotting.model import load_model
    from kws.training.engines import choose_engine

    snrs = _parse_streams(streams)
    if html_file:
        _check_output(html_file)
    loaded = load_model(model)
    engine = choose_engine(loaded)
    others = [SlidClipModel(teacher, loaded.words)] if teacher else []
    folders = Folders(data, tuple(negatives or ()), tuple(running or ()), tuple(noise or ()))
    measured = _read(folders, "testing" if part == "test" else part, loaded.words, quick, seed)
    choosing = _read(folders, "validation", loaded.words, quick, seed)
    keep = partial(write_stream, audio) if audio else None
    with stages() as stage:
        evaluation = run(loaded, engine, measured, choosing, snrs, others, seed, stage, quick, keep)
    _report(evaluation, as_json, html_file)


def _read(folders: "Folders", part: "Part", words: list[str], quick: bool, seed: int) -> "Material":
    """The recordings of a part, or a share of them."""
    from kws.evaluation.materials import read_material, shortened

    material = read_material(folders, part, words)
    return shortened(material, _QUICK_CLIPS, _QUICK_MINUTES, seed) if quick else material


def _report(evaluation: "Evaluation", as_json: bool, html_file: Path | None) -> None:
    """The page, if it was asked for, and tables or JSON to stdout."""
    import msgspec

    from kws.cli.output import print_wide, write_line
    from kws.evaluation.report import page
    from kws.evaluation.tables import tables

    if html_file:
        write_atomically(html_file, page(evaluation).encode())
    if as_json:
        write_line(msgspec.json.encode(evaluation).decode())
    else:
        print_wide(tables(evaluation))


def _parse_streams(text: str) -> list[float | None]:
    """The SNR of each stream of ``--streams``, None for the clean one.

    Raises:
        ConfigError: something is neither "clean" nor a number.
    """
    snrs: list[float | None] = []
    for part in (part.strip() for part in text.split(",")):
        try:
            snrs.append(None if part == _CLEAN else float(part))
        except ValueError as error:
            raise ConfigError(
                f"--streams {text}: {part!r} is neither clean nor a number of dB"
            ) from error
    return snrs


def _check_output(file: Path) -> None:
    """Raise `OutputError` now rather than after an hour, if `file` cannot be written."""
    if not os.access(file.parent, os.W_OK):
        raise OutputError(f"cannot write {file}: {file.parent} is no folder that may be written")
    if file.exists() and not file.is_file():
        raise OutputError(f"cannot write {file}: it is a folder or a device")
