"""Streams as files, to listen to what went wrong."""

from pathlib import Path

import numpy as np
import soundfile

from kws.corpus.matching import Placement
from kws.errors import OutputError
from kws.evaluation.streams import MeasuredStream
from kws.samples import RATE


def write_stream(folder: Path, stream: MeasuredStream) -> None:
    """Write a stream to `folder`: a FLAC file, and its truth as labels that Audacity imports.

    A line of the labels is start and end in seconds, then the word (if any) and the recording.

    Raises:
        OutputError: the folder cannot be written.
    """
    name = stream.name.replace(" ", "-")
    lines = map(_label, stream.placements)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
        soundfile.write(folder / f"{name}.flac", np.clip(stream.samples, -1, 1), RATE)
    except (OSError, soundfile.LibsndfileError) as error:
        raise OutputError(f"cannot write {folder / name}.flac: {error}") from error


def _label(placed: Placement) -> str:
    start, end = placed.clip_start / RATE, placed.clip_end / RATE
    return f"{start:.4f}\t{end:.4f}\t{placed.word} {placed.name}\n"
