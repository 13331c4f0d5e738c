"""Foreign text, fit for a log, a terminal or systemd.

Names of files and devices, reasons, keywords of a model or of a publisher: whatever somebody else
wrote may hold a line end, which forges a line, or an escape sequence, which a terminal obeys.  All
of it goes through `one_line` on its way out.
"""

import json
import re

LONGEST = 1000
"""Letters of a line that is for a person."""

NO_CONTROLS = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$(?!\n)"
"""Pattern of text on the wire: without control characters or ends of lines."""

_ODD = re.compile(r"[^\x20-\x7e]")


def one_line(text: str, longest: int | None = LONGEST) -> str:
    r"""`text` as a single line that a terminal can show as it stands.

    What does not print (line ends, escape sequences, marks that turn the direction of writing,
    halves of surrogate pairs) becomes ``\n`` or ``\u001b``, as JSON has it, so a line of JSON
    keeps its meaning.  What is longer than `longest` loses its middle.
    """
    if longest is not None and len(text) > longest:
        text = f"{text[: longest // 2]} ... {text[-longest // 2 :]}"
    return _ODD.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    letter = match[0]
    return letter if letter.isprintable() else json.dumps(letter)[1:-1]


def counted(number: int, noun: str) -> str:
    """``1 keyword``, ``2 keywords``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
