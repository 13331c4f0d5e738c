"""What kws says beside its results."""

import contextlib
import sys

from kws.text import one_line


def say(text: str) -> None:
    """Write a line to stderr; nothing fails because nobody can read it."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"kws: {one_line(text)}\n")
            sys.stderr.flush()
