"""Times and durations as people write them."""

import re

import typer

_TIME = re.compile(r"(?:(?:(\d+):)?([0-5]?\d):)?(\d+(?:\.\d*)?)", re.ASCII)


def parse_time(text: str) -> float:
    """Seconds from the beginning: ``106.3`` as well as ``1:46.3`` and ``0:01:46.3``.

    Raises:
        typer.BadParameter: it is neither.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or (":" in text and float(match[3]) >= 60):
        raise typer.BadParameter(f"{text!r} is no time: seconds, like 106.3, or 1:46.3")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds
