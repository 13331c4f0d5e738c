"""Times and durations as people write them."""

import re

import typer

_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?|(\d+)", re.ASCII)
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


def parse_duration(text: str) -> float:
    """Seconds of ``10m``, ``1h30m``, ``90s`` or ``90``.

    Raises:
        typer.BadParameter: it is none of these, or nothing.
    """
    match = _DURATION.fullmatch(text.strip())
    parts = match.groups(default="0") if match else ("0",) * 4
    hours, minutes, seconds, plain = map(float, parts)
    total = 3600 * hours + 60 * minutes + seconds + plain
    if not total:
        raise typer.BadParameter(f"{text!r} is no duration: write it like 10m, 1h30m or 90s")
    return total
