"""`kws monitor`: a running daemon, live on the terminal."""

import os
import sys
from typing import Annotated

import typer

from kws.cli.options import ControlOption, EventsOption, KeysOption
from kws.cli.talk import say
from kws.errors import OutputError


def monitor(
    events: EventsOption = None,
    control: ControlOption = None,
    keys: KeysOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for a daemon that is not there yet.")
    ] = False,
) -> None:
    """Watch a running daemon: level, a curve for each word, detections, health.

    Without --events it looks at $KWS_EVENTS, then for the user's own daemon,
    then for the system's. A daemon that goes away and comes back is followed.

    For each word: the score now, with a mark at the threshold; the figures
    are score, threshold and the best score on the curve. Words that fired
    and words that nearly did have marks of their own.

    Keys: up and down select a word, left and right change its threshold by
    0.01, with shift by 0.05, s saves it; Esc selects none. p freezes the
    picture, m mutes and unmutes the daemon, q quits.

    Examples:

        kws monitor

        kws monitor --keys desk --events tcp://kitchen:5570 --control tcp://kitchen:5571
    """
    _check_terminal()
    from rich.console import Console

    from kws.events.client.subscriber import Subscriber
    from kws.events.keys import ClientKeys
    from kws.monitor.desk import Desk
    from kws.monitor.feed import Feed
    from kws.monitor.loop import TOPICS, Monitor
    from kws.monitor.state import MonitorState

    state, feed = MonitorState(), Feed()
    client_keys = None if keys is None else ClientKeys.load(keys)
    try:
        with Subscriber(
            TOPICS, events=events, control=control, keys=keys, wait=wait, on_notice=feed.put
        ) as subscriber:
            say(f"listening to {subscriber.endpoints.events}")
            if subscriber.snapshot is not None:
                state.join(subscriber.snapshot)
            desk = Desk(subscriber.endpoints.control, client_keys)
            with feed.following(subscriber):
                unseen = Monitor(feed, desk, state, Console()).run()
            if unseen is not None:
                say(unseen)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _check_terminal() -> None:
    """Raise `OutputError` if there is nothing to draw on."""
    if sys.stdout is None or not sys.stdout.isatty():
        raise OutputError("the monitor needs a terminal: in a pipe, `kws subscribe` prints events")
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown"):
        raise OutputError(
            "this terminal cannot move the cursor: `kws subscribe` prints events line by line"
        )
