"""What `--help` shows, legible at any width, and how it and docs/cli.md describe a parameter.

Typer draws its help as a table of up to seven columns, which cuts the names of options where the
terminal is narrow, and keeps the line breaks of the docstrings.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from typing import Any, TypeAlias

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from kws.cli.output import open_console, writing

Command: TypeAlias = Any
"""A `TyperCommand` or `TyperGroup`: typer does not export the class that both come from."""
Parameter: TypeAlias = TyperArgument | TyperOption
Line: TypeAlias = Sequence[str | tuple[str, str]]
"""Texts, those with a style as pairs."""

_WIDEST = 100
_LEAST_BESIDE = 40
"""Columns that a text needs to stand beside its name; where there are fewer it stands below."""
_BELOW = 6
_CODE = re.compile(r"`[^`]*`")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_GLUE = "\N{NO-BREAK SPACE}"
_HEADING, _NAME, _VALUE = "bold", "bold cyan", "yellow"


class Commands(typer.Typer):
    """A program, or a group of its commands, with this help."""

    def __init__(self, name: str, **options: Any) -> None:
        """Args: name: what it is called by; options: those of `typer.Typer`."""
        super().__init__(
            name=name,
            cls=_Group,
            no_args_is_help=True,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings={"help_option_names": ["-h", "--help"]},
            **options,
        )

    def command(self, name: str | None = None, **options: Any) -> Any:
        """As that of `typer.Typer`."""
        return super().command(name, cls=_Command, **options)


class _Command(TyperCommand):
    def format_help(self, ctx: Any, formatter: object) -> None:
        _print_help(self, ctx)


class _Group(TyperGroup):
    def format_help(self, ctx: Any, formatter: object) -> None:
        _print_help(self, ctx)


def usage(command: Command, path: str) -> str:
    """How to call a command, which begins with the words of `path`."""
    if isinstance(command, TyperGroup):
        return f"{path} [OPTIONS] COMMAND ..."
    arguments = [names(item) for item in command.params if isinstance(item, TyperArgument)]
    return " ".join([path, "[OPTIONS]", *arguments])


def names(parameter: Parameter) -> str:
    """An argument as it stands in the usage, or all names of an option."""
    if isinstance(parameter, TyperOption):
        # By length: the short name first, and what a flag does before what it undoes.
        return ", ".join(sorted((*parameter.opts, *parameter.secondary_opts), key=len))
    return f"{parameter.metavar} ..." if parameter.nargs == -1 else str(parameter.metavar)


def value(parameter: Parameter) -> str:
    """What stands behind an option; nothing for a flag or an argument."""
    if isinstance(parameter, TyperArgument) or parameter.is_flag:
        return ""
    return parameter.metavar or "|".join(getattr(parameter.type, "choices", ()))


def description(parameter: Parameter) -> str:
    """What a parameter is for, its default, its limits, and the variable that stands for it."""
    notes = ", ".join(_notes(parameter)) if isinstance(parameter, TyperOption) else ""
    return f"{parameter.help} [{notes}]" if notes else str(parameter.help)


def _notes(option: TyperOption) -> Iterator[str]:
    if option.required:
        yield "required"
    if not option.is_flag and option.default is not None:
        yield f"default `{option.default}`"
    if option.is_flag and option.default and option.secondary_opts:
        yield f"default `{option.opts[0]}`"
    least, most = (getattr(option.type, limit, None) for limit in ("min", "max"))
    if least is not None:
        yield f"at least {least}" if most is None else f"{least} to {most}"
    if option.envvar:
        yield f"or `${option.envvar}`"


def split_help(command: Command) -> tuple[str, list[str]]:
    """What a command does, in paragraphs, and its examples."""
    text, _, examples = cleandoc(command.help or "").partition("Examples:\n")
    parts = (" ".join(part.split()) for part in examples.split("\n\n"))
    return text.strip(), [part for part in parts if part]


def _print_help(command: Command, context: Any) -> None:
    from rich.text import Text

    with writing():
        console = open_console()
        for line in _lines(command, context, min(console.width, _WIDEST)):
            console.print(Text.assemble(*line), soft_wrap=True)
        console.file.flush()


def _lines(command: Command, context: Any, width: int) -> Iterator[Line]:
    """The lines of the help, each with its styles; none is wider than `width` unless a word is."""
    first, *more = _wrap(usage(command, context.command_path), width - 7, _CODE)
    yield [("Usage: ", _HEADING), first]
    yield from ([f"       {line}"] for line in more)
    text, examples = split_help(command)
    for paragraph in text.split("\n\n"):
        yield []
        yield from ([line] for line in _wrap(paragraph, width, _CODE))
    if examples:
        yield from ([], [("Examples:", _HEADING)])
    for example in examples:
        # Where it has to be broken, the shell takes it all the same.
        yield ["  ", " \\\n    ".join(_wrap(example, width - 6, _QUOTED))]
    parameters = command.get_params(context)
    for kind, heading in ((TyperArgument, "Arguments:"), (TyperOption, "Options:")):
        yield from _entries(heading, [_entry(p) for p in parameters if isinstance(p, kind)], width)
    if isinstance(command, TyperGroup):
        summaries = {name: split_help(child)[0] for name, child in command.commands.items()}
        commands = [([(name, _NAME)], text.split("\n\n")[0]) for name, text in summaries.items()]
        yield from _entries("Commands:", commands, width)


def _entry(parameter: Parameter) -> tuple[Line, str]:
    name, behind = (names(parameter), _NAME), value(parameter)
    return [name, " ", (behind, _VALUE)] if behind else [name], description(parameter)


def _entries(heading: str, entries: Sequence[tuple[Line, str]], width: int) -> Iterator[Line]:
    """A list of titles with texts beside them or, where that is too narrow, below."""
    if not entries:
        return
    yield from ([], [(heading, _HEADING)])
    column = 4 + max(_length(title) for title, _ in entries)
    beside = width - column >= _LEAST_BESIDE
    margin = column if beside else _BELOW
    for title, text in entries:
        lines = _wrap(text, width - margin, _CODE)
        if beside:
            yield ["  ", *title, " " * (column - 2 - _length(title)), lines.pop(0)]
        else:
            yield ["  ", *title]
        yield from ([" " * margin, line] for line in lines)


def _length(pieces: Line) -> int:
    return sum(len(piece if isinstance(piece, str) else piece[0]) for piece in pieces)


def _wrap(text: str, width: int, unbroken: re.Pattern[str]) -> list[str]:
    """The lines of a text, broken between words, but not within what `unbroken` matches."""
    glued = unbroken.sub(lambda match: match[0].replace(" ", _GLUE), " ".join(text.split()))
    lines = textwrap.wrap(glued, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return [line.replace(_GLUE, " ") for line in lines]
