"""From pre-trained weights to a base folder with its card, manifest and curve."""

import datetime
import io
from pathlib import Path
from typing import Any

import msgspec

from kws.corpus.corpus import Corpus
from kws.spotting.matrices import Matrices
from kws.training.base import Base, BaseSpec, TeacherFacts, network_arrays, save_base
from kws.training.export import manifest
from kws.training.learning_curve import CURVE_FILE, read_log
from kws.training.pretraining.distiller import Distiller, Errors
from kws.training.pretraining.targets import Alignment
from kws.training.run import RUN_FOLDER
from kws.writing import write_atomically

_GENERATED = "<!-- kws pretrain writes this page anew; without this line it keeps yours -->"


def export_base(
    folder: Path,
    distiller: Distiller,
    matrices: Matrices,
    errors: Errors,
    alignment: Alignment,
    teacher: TeacherFacts,
    corpus: Corpus,
    command: str,
) -> BaseSpec:
    """Write weights, `base.json`, `manifest.tsv` and the card into `folder`.

    Raises:
        OutputError: the folder cannot be written.
    """
    recipe = distiller.recipe
    training: dict[str, Any] = {
        "command": command,
        "steps": errors.step,
        "minutes": round(errors.minutes, 1),
        "tape_hours": round(errors.tape_hours, 1),
        "heard_hours": round(errors.heard_hours, 1),
        "recordings_hours": round(
            sum(corpus.seconds(kind, "training") for kind in ("word", "speech")) / 3600, 2
        ),
        "recipe": msgspec.to_builtins(recipe),
    }
    spec = BaseSpec(
        name=folder.name,
        description="Predicts a published speech embedding along a stream; knows no words yet",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        features=recipe.features,
        network=recipe.network,
        dimensions=len(distiller.scale.mean),
        first_row=alignment.first,
        row_step=alignment.step,
        teacher=teacher,
        training=training,
        metrics={"clean": round(errors.clean, 4), "noise": round(errors.noise, 4)},
    )
    base = Base(
        spec,
        matrices,
        network_arrays(distiller.learner.averaged),
        distiller.scale.mean,
        distiller.scale.deviation,
    )
    spec = save_base(folder, base)
    write_atomically(folder / "manifest.tsv", manifest(corpus).encode())
    card = folder / "README.md"
    if not card.exists() or _GENERATED in card.read_text(errors="replace"):
        rows = read_log(folder / RUN_FOLDER)
        write_atomically(card, _card(spec, distiller.learner.parameters, rows).encode())
    return spec


def draw_errors(folder: Path) -> Path:
    """Draw the errors over hours heard from the log in `folder` into `curve.png`."""
    from matplotlib.figure import Figure

    log = read_log(folder)
    hours = [line["heard_hours"] for line in log]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    for name, label in (("clean", "validation, clean"), ("noise", "validation, 10 dB noise")):
        axes.plot(hours, [line[name] for line in log], marker=".", label=label)
    axes.plot(hours, [line["loss"] for line in log], color="tab:gray", label="training loss")
    axes.set_ylabel("error as a share of the variance")
    axes.set_xlabel("hours heard")
    axes.set_ylim(0, None)
    axes.grid(alpha=0.3)
    axes.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    write_atomically(folder / CURVE_FILE, picture.getvalue())
    return folder / CURVE_FILE


def _card(spec: BaseSpec, parameters: int, rows: list[dict[str, Any]]) -> str:
    training, teacher = spec.training, spec.teacher
    files = ", ".join(f"`{name}` {digest[:16]}" for name, digest in teacher.files.items())
    lines = [
        f"# {spec.name}",
        "",
        _GENERATED,
        "",
        f"{spec.description}. `kws train --base` puts words on it.",
        "",
        f"- {parameters:,} parameters with the head of {spec.dimensions} values, which is left "
        "behind when words are taught",
        f"- exported {spec.created} after {training['steps']:,} steps "
        f"({training['minutes']:.0f} minutes), preset `{training['recipe']['preset']}`, "
        f"seed {training['recipe']['seed']}",
        f"- learnt from {training['recordings_hours']} h of recordings, mixed into "
        f"{training['tape_hours']} h of tape, heard for {training['heard_hours']} h",
        f"- command: `{training['command']}`",
        "",
        "## Teacher",
        "",
        f"{teacher.name}. Source: {teacher.source}. Licence: {teacher.licence}.",
        f"Files (start of SHA-256): {files or 'none'}. It heard clean audio while the network "
        "heard noise, rooms and faults. Nothing of it is in this folder or needed to run.",
        "",
        "## Error on voices that taught nothing",
        "",
        "Mean squared error as a share of the embedding's variance (1: always the mean).",
        "",
        "| steps | hours of tape | hours heard | clean | 10 dB noise |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['step']:,} | {row['tape_hours']:.1f} | {row['heard_hours']:.1f} | "
        f"{row['clean']:.3f} | {row['noise']:.3f} |"
        for row in rows
    ]
    lines += ["", "The files that taught, and those of this table, are in `manifest.tsv`.", ""]
    return "\n".join(lines)
