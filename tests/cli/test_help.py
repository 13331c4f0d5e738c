"""Every command explains itself, in a terminal of any width."""

import re
import shlex
from itertools import pairwise
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from kws.cli.app import app

_program: Any = get_command(app)
COMMANDS = sorted(_program.commands)
REQUESTS = sorted(_program.commands["ctl"].commands)
EVERY = [(), *((command,) for command in COMMANDS), *(("ctl", request) for request in REQUESTS)]
WIDTHS = (40, 60, 80, 120)

every_command = pytest.mark.parametrize("command", EVERY, ids=" ".join)
at_every_width = pytest.mark.parametrize("width", WIDTHS)


def help_of(*command: str, width: int = 80) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": str(width)})
    assert result.exit_code == 0
    return re.sub(r"\x1b\[[\d;]*m", "", result.stdout)  # a CI may force colours


def test_kws_lists_its_commands() -> None:
    text = help_of()
    assert [command for command in COMMANDS if f" {command} " not in text] == []
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples(command: str) -> None:
    _, _, examples = help_of(command).partition("Examples:")
    assert f"kws {command}" in examples


@pytest.mark.parametrize("request_name", REQUESTS)
def test_every_request_has_examples(request_name: str) -> None:
    usage, _, examples = help_of("ctl", request_name).partition("Examples:")
    assert f"Usage: kws ctl {request_name} " in usage
    assert f"kws ctl {request_name}" in examples


@at_every_width
@every_command
def test_nothing_is_cut_or_sticks_out(command: tuple[str, ...], width: int) -> None:
    """Where lines break makes no difference to what they say, names of options included."""
    text = help_of(*command, width=width)
    assert [line for line in text.splitlines() if len(line) > width] == []
    whole = help_of(*command, width=100)
    assert text.replace("\\\n", "").split() == whole.replace("\\\n", "").split()


@every_command
def test_all_options_are_listed_by_their_whole_names(command: tuple[str, ...]) -> None:
    program = _program
    for word in command:
        program = program.commands[word]
    listed = re.findall(r"^  (?:-\w, )?(--[\w-]+)", help_of(*command, width=40), re.MULTILINE)
    options = [option for option in program.params if option.param_type_name == "option"]
    assert set(listed) == {option.opts[0] for option in options} | {"--help"}
    assert "None" not in help_of(*command)


@at_every_width
@every_command
def test_no_line_breaks_before_it_is_full(command: tuple[str, ...], width: int) -> None:
    """A line ends where the next word has no room, as prose does."""
    prose, examples, rest = help_of(*command, width=width).partition("Examples:\n")
    lists = rest.partition("\n\n")[2] if examples else ""
    for part in (*prose.split("\n\n")[1:], *lists.split("\n\n")):
        for above, below in pairwise(part.splitlines()):
            margins = [len(line) - len(line.lstrip()) for line in (above, below)]
            if margins[0] == margins[1] != 2:  # two lines of one text, not names in a list
                # What stands in backticks is not broken.
                word = re.match(r"`[^`]*`\S*|\S+", below.strip())
                assert word
                assert len(f"{above} {word[0]}") > min(width, 100), f"{above}\n{below}"


@every_command
def test_examples_can_be_copied_from_a_narrow_terminal(command: tuple[str, ...]) -> None:
    def examples(width: int) -> list[list[str]]:
        _, _, rest = help_of(*command, width=width).partition("Examples:\n")
        lines = rest.partition("\n\n")[0].replace("\\\n", "").splitlines()
        return [shlex.split(line) for line in lines]

    assert examples(40) == examples(500)


def test_an_example_of_two_lines_is_one_command() -> None:
    """As its docstring has to break it."""
    text = re.sub(r"\\\n +", "", help_of("pretrain"))
    assert "--noise home/ --teacher speech_embedding/ --out models/base\n" in text


def test_the_usage_says_what_may_be_repeated() -> None:
    assert "Usage: kws replay [OPTIONS] FILE|DIR|- ...\n" in help_of("replay")
    assert "Usage: kws ctl set-threshold [OPTIONS] WORD=X ...\n" in help_of("ctl", "set-threshold")


def test_json_goes_to_stdout_everywhere() -> None:
    commands = {**_program.commands, **_program.commands["ctl"].commands}
    options = {
        name: option
        for name, command in commands.items()
        for option in command.params
        if "--json" in option.opts
    }
    assert {"replay", "subscribe", "eval", "bench", "status"} < set(options)
    assert [name for name, option in options.items() if not option.is_flag] == []
