"""The way to stdout: now or not at all, and what to say when it cannot be written."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from kws.descriptors import lead_nowhere
from kws.errors import OutputError
from kws.text import one_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

BROKEN_PIPE = 141
"""Exit code of a program whose reader went away: 128 and the number of SIGPIPE."""


def write_line(line: str) -> None:
    """Write to stdout now, as one line whatever is in it.

    Raises:
        OutputError: it cannot be written: the disk is full, or stdout is closed.
    """
    with writing():
        sys.stdout.write(one_line(line, longest=None) + "\n")
        sys.stdout.flush()


def print_wide(*parts: "RenderableType") -> None:
    """Print tables and texts for people; where there is no terminal, there is room for whole lines.

    Raises:
        OutputError: they cannot be written.
    """
    with writing():
        console = open_console(width=None if sys.stdout.isatty() else 130)
        for part in parts:
            console.print(part)
        console.file.flush()


def open_console(**options: Any) -> "Console":
    """A console on stdout that leaves a reader who went away to `writing`; takes rich's options."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich ends the program with exit code 1

    return PipeConsole(**options)


@contextmanager
def writing() -> Iterator[None]:
    """Around whatever writes to stdout and flushes it.

    Raises:
        OutputError: it cannot be written.
        typer.Exit: the reader went away, with `BROKEN_PIPE`.
    """
    if sys.stdout is None:
        raise OutputError("cannot write the result: the standard output is closed")
    try:
        yield
    except BrokenPipeError as error:
        give_up_output(error)
        raise typer.Exit(BROKEN_PIPE) from error
    except OSError as error:
        raise give_up_output(error) from error


def give_up_output(error: OSError) -> OutputError:
    """What to say when stdout cannot be written; it leads to nowhere from here on."""
    # What is still in the buffer would fail once more when Python exits.
    lead_nowhere(sys.stdout.fileno())
    return OutputError(f"cannot write the result: {error.strerror}")
