"""Write docs/cli.md, the reference of the command line, from the code.

    python -m scripts.make_cli_reference            # writes it
    python -m scripts.make_cli_reference --check    # exit code 1 if it is out of date

It asks the parser for its commands and options and formats them itself, so that the page depends
neither on the width of a terminal nor on how a release of typer draws its help.
"""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from kws import errors
from kws.cli.app import app
from kws.cli.help import Command, description, names, split_help, usage, value
from kws.cli.output import BROKEN_PIPE

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
COMMAND = "python -m scripts.make_cli_reference"
_INTRODUCTION = f"""\
# Command line

<!-- Made by `{COMMAND}`: change the code, not this page. -->

Results go to stdout, everything else to stderr; `--json` is for programs. Colours follow
`NO_COLOR`, `FORCE_COLOR` and `TERM=dumb`, and there are none in a pipe. `kws --install-completion`
teaches bash, zsh or fish to complete commands, options, files, and names of models, words and
topics.
"""
_PARSER_PARAMETERS = {"help"}


def reference() -> str:
    """The whole page."""
    program = get_command(app)
    return "\n".join([_INTRODUCTION, *_section(program, "kws", 2), *_exit_codes()])


def _section(command: Command, path: str, level: int) -> Iterator[str]:
    """Lines about a command and those below it; blank lines between the parts."""
    yield from (f"{'#' * level} `{path}`", "", f"```text\n{usage(command, path)}\n```", "")
    text, examples = split_help(command)
    yield from (text, "")
    if examples:
        yield from ("```sh", *examples, "```", "")
    if items := [_item(p) for p in command.params if p.name not in _PARSER_PARAMETERS]:
        yield from (*items, "")
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _section(child, f"{path} {name}", level + 1)


def _item(parameter: Any) -> str:
    """One argument or option as an item of a list."""
    title = f"{names(parameter)} {value(parameter)}".strip()
    return f"- `{title.replace(', ', '`, `')}`: {description(parameter)}"


def _exit_codes() -> Iterator[str]:
    """A table of the exit codes, those of errors by their docstrings."""
    rows = {
        0: "Done.",
        1: "Something else went wrong, or `kws doctor` found something bad.",
        2: "A command, option or argument that there is not.",
        130: "Interrupted with Ctrl-C.",
        BROKEN_PIPE: "The reader of the output went away, as with `| head`.",
    }
    for family in errors.KwsError.__subclasses__():
        rows[family.exit_code] = cleandoc(family.__doc__ or "").split("\n")[0]
    yield from ("## Exit codes", "", "| code | |", "|---|---|")
    yield from (f"| {code} | {meaning} |" for code, meaning in sorted(rows.items()))
    yield ""


def main(arguments: list[str]) -> None:
    """Write or check the page."""
    page = reference()
    if "--check" not in arguments:
        PAGE.write_text(page)
    elif PAGE.read_text() != page:
        sys.exit(f"{PAGE.name} is not what the code says: run `{COMMAND}`")


if __name__ == "__main__":
    main(sys.argv[1:])
