"""`kws ctl ...`: asking a running daemon, one request per command."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from kws.cli.completion import complete_threshold
from kws.cli.connection import ControlOption, KeysOption
from kws.cli.options import parse_thresholds
from kws.cli.talk import say
from kws.cli.times import parse_duration

if TYPE_CHECKING:
    from kws.events.requests import KeywordStatus, Muting, ReplyBase, RequestBase

    AnswerT = TypeVar("AnswerT", bound=ReplyBase)

JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as a line of JSON.")]
ReasonOption = Annotated[str, typer.Option(metavar="WORD", help="Why, for example tts.")]

ctl = typer.Typer(
    name="ctl",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    from kws.cli.event_lines import event_line
    from kws.events.requests import Snapshot, TakeSnapshot

    snapshot = _ask(TakeSnapshot(), Snapshot, control, keys, as_json)
    if as_json:
        return
    if snapshot.state is not None:
        _say(event_line(snapshot.state))
    for detection in snapshot.detections[-10:]:
        _say(event_line(detection))
    if not snapshot.detections:
        _say("nothing heard yet")


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

    about = _ask(Describe(), Description, control, keys, as_json)
    if as_json:
        return
    _say(f"kws {about.version}, pid {about.pid}, since {about.started.astimezone():%c}")
    _say(f"source    {about.source}")
    _say(f"device    {about.device or 'none'}, {about.device_rate or '-'} Hz")
    _say(f"clock     {about.clock}")
    _say(f"model     {about.model.name} ({about.model.sha256[:12]})")
    _say_keywords(about.keywords)


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
    _say_muting(_ask(Mute(reason=reason, seconds=seconds), Muting, control, keys, as_json), as_json)


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

    request = Unmute(reason=None if everything else reason)
    _say_muting(_ask(request, Muting, control, keys, as_json), as_json)


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
    for word, value in wanted.items():
        request = SetThreshold(keyword=word, threshold=value, save=save)
        answer = _ask(request, ThresholdSet, control, keys, as_json)
        if not as_json:
            kept = f"saved in {answer.saved}" if answer.saved else "until the daemon stops"
            _say(f"{answer.keyword} {answer.threshold:.2f}, {kept}")


@ctl.command()
def reload(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Read the configuration and the model again.

    Examples:

        kws ctl reload
    """
    from kws.events.requests import Reload, Reloaded

    answer = _ask(Reload(), Reloaded, control, keys, as_json)
    if not as_json:
        _say(f"model     {answer.model.name} ({answer.model.sha256[:12]})")
        _say_keywords(answer.keywords)


@ctl.command()
def reset(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """Make the network forget what it has heard so far.

    Examples:

        kws ctl reset
    """
    from kws.events.requests import Reset, ResetDone

    answer = _ask(Reset(), ResetDone, control, keys, as_json)
    if not as_json:
        _say(f"reset at sample {answer.position}")


@ctl.command()
def ping(
    control: ControlOption = None, keys: KeysOption = None, as_json: JsonOption = False
) -> None:
    """See whether the daemon answers.

    Examples:

        kws ctl ping && echo there
    """
    from kws.events.requests import Ping, Pong

    answer = _ask(Ping(), Pong, control, keys, as_json)
    if not as_json:
        _say(f"pong from boot {answer.boot}")


def _ask(
    request: "RequestBase",
    answer: "type[AnswerT]",
    control: str | None,
    keys: Path | None,
    as_json: bool,
) -> "AnswerT":
    """The answer of the daemon; with ``as_json`` it is printed here."""
    import msgspec

    from kws.events.client import ControlClient
    from kws.events.curve import ClientKeys
    from kws.events.search import find_daemon

    loaded = ClientKeys.load(keys) if keys else None
    endpoint = find_daemon("control", control=control).control
    if control is None:
        say(f"asking {endpoint}")
    with ControlClient(endpoint, loaded) as client:
        reply = client.ask(request, answer)
    if as_json:
        _say(msgspec.json.encode(reply).decode())
    return reply


def _say_muting(muting: "Muting", as_json: bool) -> None:
    from kws.events.messages import until_text

    if as_json:
        return
    end = f" {until_text(muting.until)}" if muting.until else ""
    _say(f"muted ({', '.join(muting.reasons)}){end}" if muting.muted else "listening")


def _say_keywords(keywords: "Sequence[KeywordStatus]") -> None:
    for keyword in keywords:
        _say(f"  {keyword.word:<12} threshold {keyword.threshold:.2f}")


def _say(line: str) -> None:
    from kws.cli.output import write_line

    write_line(line)
