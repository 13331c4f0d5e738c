"""The `kws` program: gathers the commands, turns errors into one line and an exit code."""

import sys
from collections.abc import Sequence

import typer

from kws.cli.ctl import ctl
from kws.cli.devices import devices
from kws.cli.doctor import doctor
from kws.cli.eval import evaluate
from kws.cli.keygen import keygen
from kws.cli.listen import listen
from kws.cli.models import models
from kws.cli.monitor import monitor
from kws.cli.replay import replay
from kws.cli.subscribe import subscribe
from kws.cli.train import train
from kws.cli.tune import tune
from kws.errors import KwsError

app = typer.Typer(
    name="kws",
    help="Spots isolated spoken commands in a stream of audio. It is not speech recognition.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Settings:
    """What the global flags said."""

    debug = False


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # 20 ms that only this flag needs

        from kws.cli.reports import write_line

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
app.command()(models)
app.command()(subscribe)
app.command()(monitor)
app.command()(devices)
app.command()(doctor)
app.command()(keygen)
app.add_typer(ctl)
app.command("eval")(evaluate)
app.command()(tune)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process.

    A `KwsError` becomes one line on stderr and its own exit code; with ``--debug`` its traceback
    is shown as well.
    """
    try:
        app(args=None if arguments is None else list(arguments))
    except KwsError as error:
        if _Settings.debug:
            raise
        typer.echo(f"kws: {error}", err=True)
        sys.exit(error.exit_code)
