"""The monitor at work: events and keys in, pictures out, until somebody has seen enough."""

import copy
import errno
import sys
import time

from rich.console import Console
from rich.live import Live

from kws.descriptors import lead_nowhere
from kws.events import topics
from kws.events.client.continuity import Notice
from kws.events.messages import HeartbeatEvent
from kws.monitor.controls import STEP, STRIDE, Controls
from kws.monitor.desk import Answer, Desk
from kws.monitor.feed import Feed
from kws.monitor.keys import Key
from kws.monitor.state import MonitorState
from kws.monitor.terminal import Keyboard, Signals
from kws.monitor.view import Paused, View

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
    """Shows `state`, which `feed` and the answers at `desk` change, on a terminal."""

    def __init__(self, feed: Feed, desk: Desk, state: MonitorState, console: Console) -> None:
        self._feed = feed
        self._desk = desk
        self._state = state
        self._console = console
        self._controls = Controls(state, desk)
        self._paused: Paused | None = None
        self._ended = False
        self._describe_at = 0.0

    def run(self) -> str | None:
        """Until q, Ctrl-C, SIGTERM or SIGHUP; the terminal is then as it was before.

        Returns:
            what became of the last keys, if that came too late to be shown.
        """
        self._controls.describe()
        with Signals() as signals:
            try:
                while not (self._ended or signals.ending):
                    self._show(signals)
                    if signals.suspending:
                        signals.suspend()
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                # What is still in the buffer would fail once more when Python exits.
                lead_nowhere(sys.stdout.fileno())
            shown = self._state.remark
            self._settle(self._desk.close())
            remark = self._state.remark
            return None if remark is None or remark is shown else remark.text

    def _show(self, signals: Signals) -> None:
        """Draw until it ends or is suspended."""
        with (
            Keyboard() as keyboard,
            Live(console=self._console, screen=True, auto_refresh=False) as live,
        ):
            while not (self._ended or signals.ending or signals.suspending):
                self._gather()
                live.update(View(self._state, time.monotonic(), self._paused), refresh=True)
                for key in keyboard.read(_FRAME_SECONDS):
                    self._obey(key)

    def _gather(self) -> None:
        """Take what has arrived."""
        self._settle(self._desk.answers())
        for news in self._feed.take():
            now = time.monotonic()
            if isinstance(news, Notice):
                self._state.heed(news, now)
                continue
            self._state.take(news, now)
            # No event tells of a threshold that was set.
            if isinstance(news, HeartbeatEvent) and now >= self._describe_at:
                self._describe_at = now + _DESCRIBE_SECONDS
                self._controls.describe()

    def _settle(self, answers: list[Answer]) -> None:
        for answer in answers:
            self._controls.take(answer, time.monotonic())

    def _obey(self, key: str) -> None:
        now = time.monotonic()
        match key:
            case Key.UP:
                self._controls.select(-1)
            case Key.DOWN:
                self._controls.select(1)
            case Key.LEFT:
                self._controls.change(-STEP, now)
            case Key.RIGHT:
                self._controls.change(STEP, now)
            case Key.SHIFT_LEFT:
                self._controls.change(-STRIDE, now)
            case Key.SHIFT_RIGHT:
                self._controls.change(STRIDE, now)
            case Key.ESCAPE:
                self._controls.deselect()
            case "s":
                self._controls.save(now)
            case "m":
                self._controls.toggle_mute(now)
            case "p":
                seen = Paused(copy.deepcopy(self._state.sound), now)
                self._paused = None if self._paused else seen
            case "q" | Key.END:
                self._ended = True
