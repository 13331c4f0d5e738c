"""The `kws` program: gathers the commands, turns errors into one line and an exit code."""

import errno
import sys
from collections.abc import Sequence
from functools import partial
from io import TextIOWrapper
from typing import NoReturn

import typer

from kws.cli.bench import bench
from kws.cli.ctl import ctl
from kws.cli.devices import devices
from kws.cli.doctor import doctor
from kws.cli.eval import evaluate
from kws.cli.help import Commands
from kws.cli.keygen import keygen
from kws.cli.listen import listen
from kws.cli.models import models
from kws.cli.monitor import monitor
from kws.cli.output import BROKEN_PIPE, give_up_output, write_line
from kws.cli.pretrain import pretrain
from kws.cli.replay import replay
from kws.cli.subscribe import subscribe
from kws.cli.talk import say
from kws.cli.train import train
from kws.cli.tune import tune
from kws.errors import KwsError

app = Commands(
    "kws", help="Spots isolated spoken commands in a stream of audio. It is not speech recognition."
)


class _Settings:
    """What the global flags said."""

    debug = False


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 20 ms that only this flag needs

        write_line(f"kws {version('kws')}")
        raise typer.Exit


@app.callback()
def _global_flags(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    _version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and stop.",
        callback=_print_version,
        is_eager=True,
    ),
) -> None:
    _Settings.debug = debug


app.command()(listen)
app.command()(replay)
app.command()(train)
app.command()(pretrain)
app.command()(models)
app.command()(subscribe)
app.command()(monitor)
app.command()(bench)
app.command()(devices)
app.command()(doctor)
app.command()(keygen)
app.add_typer(ctl)
app.command("eval")(evaluate)
app.command()(tune)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit the process.

    A `KwsError` or a wrong call becomes one line on stderr and its own exit code; with ``--debug``
    the traceback of a `KwsError` is shown as well.
    """
    # Where an encoding lacks a letter, a question mark is better than no answer at all.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    # The name is that of `python -c 'from kws.cli import main; main()'`, too.
    run = partial(app, prog_name="kws", standalone_mode=False)
    try:
        sys.exit(run(args=None if arguments is None else list(arguments)))
    except typer.TyperException as error:
        _say_usage(error)
        sys.exit(error.exit_code)
    except KwsError as error:
        if _Settings.debug:
            raise
        say(str(error))
        sys.exit(error.exit_code)
    except (OSError, SystemExit) as end:
        # From what typer writes itself; of a reader who went away it makes exit code 1.
        cause = end.__context__ if isinstance(end, SystemExit) else end
        if not isinstance(cause, OSError) or cause.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        failure = give_up_output(cause)
        if cause.errno == errno.EPIPE:
            sys.exit(BROKEN_PIPE)
        say(str(failure))
        sys.exit(failure.exit_code)


def _say_usage(error: typer.TyperException) -> None:
    """One line about a call that makes no sense; nothing if it was none and the help was shown."""
    text = " ".join(error.format_message().split()).rstrip(".")
    if text:
        # All errors of the parser have a context, which is not part of typer's public types.
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "kws"
        say(f"{text[0].lower()}{text[1:]} (see `{command} --help`)")
