"""Every command explains itself."""

import re

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from kws.cli.app import app

_program = get_command(app)
COMMANDS = sorted(_program.commands)
REQUESTS = sorted(_program.commands["ctl"].commands)


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"])
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
