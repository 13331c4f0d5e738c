"""The monitor at work: events in, pictures out, until somebody has seen enough."""

import copy
import errno
import sys
import time

from rich.console import Console
from rich.live import Live

from kws.descriptors import lead_nowhere
from kws.events import topics
from kws.events.client.subscriber import Subscriber
from kws.events.messages import HeartbeatEvent
from kws.monitor.desk import Desk
from kws.monitor.state import MonitorState
from kws.monitor.terminal import END, Keyboard, Signals
from kws.monitor.view import View

TOPICS = (
    topics.DETECTION,
    topics.STATE,
    topics.ERROR,
    topics.HEARTBEAT,
    topics.POSTERIORS,
)

_FRAME_SECONDS = 0.125
_DESCRIBE_SECONDS = 2.0


class Monitor:
    """Shows `state`, which `subscriber` and `desk` feed, on a terminal."""

    def __init__(
        self, subscriber: Subscriber, desk: Desk, state: MonitorState, console: Console
    ) -> None:
        self._subscriber = subscriber
        self._desk = desk
        self._state = state
        self._console = console
        self._frozen: View | None = None
        self._ended = False
        self._describe_at = 0.0

    def run(self) -> None:
        """Until q, Ctrl-C, SIGTERM or SIGHUP; the terminal is then as it was before."""
        self._desk.describe()
        with Signals() as signals:
            while not (self._ended or signals.ending):
                try:
                    with (
                        Keyboard() as keyboard,
                        Live(console=self._console, screen=True, auto_refresh=False) as live,
                    ):
                        self._show(live, keyboard, signals)
                except OSError as error:
                    if error.errno != errno.EIO:
                        raise
                    # What is still in the buffer would fail once more when Python exits.
                    lead_nowhere(sys.stdout.fileno())
                    return
                if signals.suspending:
                    signals.suspend()

    def _show(self, live: Live, keyboard: Keyboard, signals: Signals) -> None:
        while not (self._ended or signals.ending or signals.suspending):
            self._follow(time.monotonic() + _FRAME_SECONDS)
            for key in keyboard.pressed():
                self._obey(key)
            live.update(self._frozen or View(self._state, time.monotonic()), refresh=True)

    def _follow(self, until: float) -> None:
        """Take what arrives until that time."""
        while (now := time.monotonic()) < until:
            event = self._subscriber.receive(until - now)
            if event is None:
                return
            self._state.take(event, time.monotonic())
            # No event tells of a threshold that was set.
            if isinstance(event, HeartbeatEvent) and now >= self._describe_at:
                self._describe_at = now + _DESCRIBE_SECONDS
                self._desk.describe()

    def _obey(self, key: str) -> None:
        match key:
            case "p":
                seen = copy.deepcopy(self._state)
                self._frozen = None if self._frozen else View(seen, time.monotonic(), paused=True)
            case "m":
                self._desk.toggle_mute()
            case _ if key == END:
                self._ended = True
