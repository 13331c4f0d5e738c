"""The learning curve as a picture, redrawn after each validation."""

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kws.errors import OutputError
from kws.writing import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CURVE_FILE = "curve.png"
LOG_FILE = "log.jsonl"


def append_to_log(folder: Path, line: "DataclassInstance") -> None:
    """Add one validation to the log in `folder`.

    Raises:
        OutputError: no space, no permission.
    """
    path = folder / LOG_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(line)) + "\n")
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The validations so far, oldest first; a line that a crash cut short is left out."""
    lines = []
    for line in (folder / LOG_FILE).read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return lines


def draw_curve(folder: Path) -> Path:
    """Draw loss and miss rates over time from the log in `folder` into `curve.png`."""
    from matplotlib.figure import Figure

    log = read_log(folder)
    minutes = [line["minutes"] for line in log]
    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(minutes, [line["loss"] for line in log], marker=".", color="tab:gray")
    above.set_ylabel("training loss")
    for name, label in (
        ("frr_clips", "near silence, at 2 false alarms/h"),
        ("frr_noise", "10 dB noise, at 2 false alarms/h"),
        ("frr", "mean that chooses the checkpoint"),
    ):
        below.plot(minutes, [100 * line[name] for line in log], marker=".", label=label)
    below.set_ylabel("missed words [%]")
    below.set_xlabel("minutes of training")
    below.set_ylim(0, None)
    below.legend()
    for axes in (above, below):
        axes.grid(alpha=0.3)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    write_atomically(folder / CURVE_FILE, picture.getvalue())
    return folder / CURVE_FILE
