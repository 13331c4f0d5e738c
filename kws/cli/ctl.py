"""`kws ctl ...`: asking a running daemon, one request per command."""

from typing import Annotated

import typer

from kws.cli.completion import complete_threshold
from kws.cli.help import Commands
from kws.cli.options import ControlOption, KeysOption, parse_thresholds
from kws.cli.request import ask, ask_each
from kws.cli.times import parse_duration

JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as a line of JSON.")]
ReasonOption = Annotated[str, typer.Option(metavar="WORD", help="Why, for example tts.")]

ctl = Commands("ctl")


@ctl.callback()
def _explain() -> None:
    """Control a running daemon: mute it, set thresholds, ask how it is.

    Without --control it looks at $KWS_CONTROL, then for the user's own daemon,
    then for the system's.

    Examples:

        kws ctl status

        kws ctl mute --reason tts

        kws ctl set-threshold yes=0.7 stop=0.8 --save

        kws ctl describe --json | jq .model.name
    """


@ctl.command()
def status(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Show the state and the latest detections.

    Examples:

        kws ctl status

        kws ctl status --json | jq '.detections[-1].keyword'
    """
    from kws.events.requests import Snapshot, TakeSnapshot

    ask(TakeSnapshot(), Snapshot, control, keys, as_json)


@ctl.command()
def describe(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Show what the daemon is: version, device, model, keywords.

    Examples:

        kws ctl describe

        kws ctl describe --json | jq .model.name
    """
    from kws.events.requests import Describe, Description

    ask(Describe(), Description, control, keys, as_json)


@ctl.command()
def mute(
    reason: ReasonOption = "user",
    seconds: Annotated[
        float | None,
        typer.Option(
            "--for",
            metavar="DURATION",
            parser=parse_duration,
            help="Withdraw the reason after so long (10m, 1h30m, 90s; a week at most).",
        ),
    ] = None,
    control: ControlOption = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop listening until every reason to be mute is withdrawn, or has run out.

    The latest word on a reason counts, also on how long it lasts.

    Examples:

        kws ctl mute

        kws ctl mute --for 10m

        kws ctl mute --reason tts --for 30s
    """
    from kws.events.requests import LONGEST_MUTE, Mute, Muting

    if seconds is not None and seconds > LONGEST_MUTE:
        raise typer.BadParameter("--for: a mute with a limit lasts a week at most")
    ask(Mute(reason=reason, seconds=seconds), Muting, control, keys, as_json)


@ctl.command()
def unmute(
    reason: ReasonOption = "user",
    everything: Annotated[
        bool, typer.Option("--all", help="Withdraw all reasons, whoever gave them.")
    ] = False,
    control: ControlOption = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw a reason to be mute; listen again if it was the last.

    Examples:

        kws ctl unmute --reason tts

        kws ctl unmute --all
    """
    from kws.events.requests import Muting, Unmute

    ask(Unmute(reason=None if everything else reason), Muting, control, keys, as_json)


@ctl.command()
def set_threshold(
    thresholds: Annotated[
        list[str],
        typer.Argument(
            metavar="WORD=X", autocompletion=complete_threshold, help="Words with their thresholds."
        ),
    ],
    save: Annotated[
        bool, typer.Option("--save", help="Keep it for every later start of the daemon.")
    ] = False,
    control: ControlOption = None,
    keys: KeysOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the score, 0 to 1, from which a word counts.

    Examples:

        kws ctl set-threshold yes=0.7

        kws ctl set-threshold yes=0.7 stop=0.8 --save
    """
    from kws.events.requests import SetThreshold, ThresholdSet

    for text in thresholds:
        if "=" not in text:
            raise typer.BadParameter(f"{text!r} is not of the form WORD=X, like yes=0.6")
    wanted = parse_thresholds(thresholds, ())
    for word, value in wanted.items():
        if not 0 < value < 1:
            raise typer.BadParameter(f"the threshold of {word!r} must lie between 0 and 1")
    requests = [SetThreshold(keyword=w, threshold=x, save=save) for w, x in wanted.items()]
    ask_each(requests, ThresholdSet, control, keys, as_json)


@ctl.command()
def reload(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Read the configuration and the model again.

    Examples:

        kws ctl reload
    """
    from kws.events.requests import Reload, Reloaded

    ask(Reload(), Reloaded, control, keys, as_json)


@ctl.command()
def reset(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Make the network forget what it has heard so far.

    Examples:

        kws ctl reset
    """
    from kws.events.requests import Reset, ResetDone

    ask(Reset(), ResetDone, control, keys, as_json)


@ctl.command()
def ping(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """See whether the daemon answers.

    Examples:

        kws ctl ping && echo there
    """
    from kws.events.requests import Ping, Pong

    ask(Ping(), Pong, control, keys, as_json)
