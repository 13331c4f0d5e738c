"""The rows of `benchmarks/peers.py`: figures, and how they are shown."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from kws.corpus.matching import Placement, match

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
"""The keywords of the recording."""


@dataclass(frozen=True, slots=True)
class Result:
    """A row of the table."""

    name: str
    chunk_ms: float
    words: int
    factor: float
    factor_median: float
    start_up_cpu: float
    start_up_wall: float
    peak_mb: float
    install_mb: float
    distributions: int
    found: int | None
    false_alarms: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A row for a library that could not be installed or run."""

    name: str
    error: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A detection as `kws.corpus.matching` wants it."""

    keyword: str
    fired: int
    score: float = np.nan


def score(truth: Path, detections: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """How many keywords were found by the truth file, and how many false alarms there were."""
    with truth.open(newline="") as file:
        placements = [
            Placement(
                row["word"],
                row["clip"],
                clip_start=int(row["clip_start"]),
                clip_end=int(row["clip_end"]),
                word_start=int(row["start"]),
                word_end=int(row["end"]),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]
    matching = match([Heard(*detection) for detection in detections], placements, WORDS)
    return len(matching.hits), len(matching.alarms)


def table(rows: Sequence[Result | Failure]) -> Table:
    """The results for people."""
    shown = Table("library", "chunk", "words", "real-time factor", "start-up", "memory", "size",
                  "found", box=None, header_style="bold")  # fmt: skip
    for row in rows:
        if isinstance(row, Failure):
            shown.add_row(row.name, "-", "-", f"not measured: {row.error}")
            continue
        shown.add_row(
            row.name,
            f"{row.chunk_ms:g} ms",
            str(row.words or "-"),
            f"{row.factor:.4f} (median {row.factor_median:.4f})",
            f"{row.start_up_cpu:.2f} s CPU, {row.start_up_wall:.2f} s",
            f"{row.peak_mb:.0f} MB",
            f"{row.install_mb:.0f} MB, {row.distributions} packages",
            "-" if row.found is None else f"{row.found}, {row.false_alarms} false",
        )
    return shown
