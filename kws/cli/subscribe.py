"""`kws subscribe`: the events of a daemon, line by line."""

from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.completion import complete_topic
from kws.cli.options import ControlOption, EventsOption, KeysOption
from kws.cli.talk import say

if TYPE_CHECKING:
    from kws.cli.command_runner import CommandRunner
    from kws.events.client.continuity import Notice
    from kws.events.client.subscriber import Subscriber


def subscribe(
    events: EventsOption = None,
    control: ControlOption = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PREFIX",
            autocompletion=complete_topic,
            help="Topics to show, kws/ for all; detections, states and errors if not given. "
            "May be repeated.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print each event as one line of JSON.")
    ] = False,
    count: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Stop after N events.")
    ] = None,
    command: Annotated[
        str | None,
        typer.Option("--exec", metavar="CMD", help="Program to run for every detection."),
    ] = None,
    exec_jobs: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many of them may run at once.")
    ] = 4,
    exec_timeout: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, help="After which one is killed.")
    ] = 10.0,
    keys: KeysOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a daemon that is not there yet.")
    ] = False,
) -> None:
    """Print what a daemon hears, as it hears it.

    Without --events it looks at $KWS_EVENTS, then for the user's own daemon,
    then for the system's. Losses and silence are reported on stderr.

    The program of --exec is started without a shell, with the detection in
    its environment: KWS_KEYWORD, KWS_SCORE, KWS_THRESHOLD, KWS_START,
    KWS_END, KWS_FIRED (samples), KWS_RATE, KWS_TIME, KWS_LATENCY_MS,
    KWS_LEVEL_DBFS, KWS_ID and, as a whole, KWS_JSON. Its output goes to
    stderr.

    Examples:

        kws subscribe

        kws subscribe --json | jq -r '.keyword // empty'

        kws subscribe --topic kws/detection/stop/ --exec 'mpc pause'

        kws subscribe --exec 'sh -c "echo heard $KWS_KEYWORD"'
    """
    from kws.cli.command_runner import CommandRunner
    from kws.events.client.subscriber import DEFAULT_TOPICS, Subscriber

    runner = None
    if command is not None:
        runner = CommandRunner(command, exec_jobs, exec_timeout, say)
    try:
        with Subscriber(
            topic or DEFAULT_TOPICS,
            events=events,
            control=control,
            keys=keys,
            wait=wait,
            on_notice=_say_notice,
        ) as subscriber:
            say(f"listening to {subscriber.endpoints.events}")
            _show(subscriber, as_json, count, runner)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    finally:
        if runner is not None:
            runner.finish()


def _show(
    subscriber: "Subscriber", as_json: bool, count: int | None, runner: "CommandRunner | None"
) -> None:
    from kws.cli.event_lines import event_line
    from kws.cli.output import write_line
    from kws.events.messages import DetectionEvent, encode_event

    for number, event in enumerate(subscriber, start=1):
        write_line(encode_event(event).decode() if as_json else event_line(event))
        if runner is not None and isinstance(event, DetectionEvent):
            runner.start(event)
        if number == count:
            return


def _say_notice(notice: "Notice") -> None:
    say(notice.text)
