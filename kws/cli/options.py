"""Options that several commands share, and what their texts mean."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kws.cli.completion import complete_model, complete_threshold, complete_words
from kws.errors import ConfigError

EventsOption = Annotated[
    str | None,
    typer.Option("--events", metavar="ENDPOINT", help="Where the daemon publishes."),
]
ControlOption = Annotated[
    str | None,
    typer.Option("--control", metavar="ENDPOINT", help="Where the daemon takes requests."),
]
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="Folder with the CURVE keys of this client."),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME|DIR",
        autocompletion=complete_model,
        help="Model to listen with (see `kws models`).",
    ),
]
WordsOption = Annotated[
    str | None,
    typer.Option(
        "--words",
        metavar="W,W",
        autocompletion=complete_words,
        help="Listen for these words only.",
    ),
]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option(
        "--threshold",
        metavar="X|WORD=X",
        autocompletion=complete_threshold,
        help="Score, 0 to 1, from which a word counts: for all, or for one word. May be repeated.",
    ),
]
ChannelOption = Annotated[
    int | None,
    typer.Option("--channel", metavar="N", min=1, help="Channel to take, counted from 1."),
]
NegativesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--negatives",
        metavar="DIR",
        help="Speech without keywords; sentences with one, by transcripts.tsv, are set apart.",
    ),
]
NoiseOption = Annotated[
    list[Path] | None,
    typer.Option("--noise", metavar="DIR", help="Noise, beside that of DATA/_background_noise_."),
]


def parse_device(text: str | None) -> str | int | None:
    """A device by name or, if it is a number, by index."""
    return int(text) if text is not None and text.isdecimal() else text


def parse_words(text: str | None) -> list[str] | None:
    """The words of a list with commas, or None where it was not given.

    Raises:
        ConfigError: there is none in it.
    """
    if text is None:
        return None
    words = [word for part in text.split(",") if (word := part.strip())]
    if not words:
        raise ConfigError(f"{text!r} names no word: write them with commas, like yes,no")
    return words


def parse_thresholds(texts: Sequence[str] | None, words: Iterable[str]) -> dict[str, float]:
    """The thresholds by word that ``--threshold`` asks for; `words` are all that are listened for.

    A value for one word beats a value for all, wherever it stands.

    Raises:
        ConfigError: something is not a number.
    """
    for_all, by_word = split_thresholds(texts)
    return ({} if for_all is None else dict.fromkeys(words, for_all)) | by_word


def split_thresholds(texts: Sequence[str] | None) -> tuple[float | None, dict[str, float]]:
    """The threshold for all words, if ``--threshold`` gives one, and those for one word each.

    Raises:
        ConfigError: something is not a number.
    """
    for_all: float | None = None
    by_word: dict[str, float] = {}
    for text in texts or ():
        word, equals, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise ConfigError(f"threshold {text}: {number!r} is not a number, as in 0.6 or yes=0.6")
        if equals:
            by_word[word.strip()] = value
        else:
            for_all = value
    return for_all, by_word
