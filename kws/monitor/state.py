"""All that the monitor knows of a daemon, fed by its events; knows no terminal and no socket."""

from datetime import datetime
from typing import NamedTuple

from kws.events.client.continuity import Notice
from kws.events.messages import (
    AnyEvent,
    DetectionEvent,
    ErrorEvent,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
    StateName,
    now,
)
from kws.events.requests import Description, Snapshot
from kws.monitor.sound import Sound

_LONG_AGO = float("-inf")
_NEVER_YET = float("inf")


class Remark(NamedTuple):
    """The last thing out of the ordinary: a fault, a loss, an answer to a key."""

    time: datetime
    text: str
    at: float
    """When it was said, on the clock that never goes back."""


class MonitorState:
    """What is shown.  Times named ``at`` are those of a clock in seconds that never goes back.

    Attributes:
        state, device: of the daemon, as it told them last.
        why: the reason of the state and, of a mute, when it ends.
        heartbeat: the newest, None before the first.
        model: name of the model, None until known.
        thresholds: in force, of every word, in the order of the daemon; None where not known.
        selected: the word that the keys change; None if none is chosen.
        asked: thresholds that the daemon was asked for and has not answered yet.
        unsaved: the words whose threshold was changed here and lasts until the daemon stops.
        sound: what was heard lately.
        lost: messages that this monitor missed.
        silent_since: when the daemon was heard last; None while it is heard.
        remark: the last thing out of the ordinary.
    """

    def __init__(self) -> None:
        self.state: StateName | None = None
        self.why: str | None = None
        self.device: str | None = None
        self.heartbeat: HeartbeatEvent | None = None
        self.model: str | None = None
        self.thresholds: dict[str, float | None] = {}
        self.selected: str | None = None
        self.asked: dict[str, float] = {}
        self.unsaved: set[str] = set()
        self.sound = Sound()
        self.lost = 0
        self.silent_since: float | None = None
        self.remark: Remark | None = None
        self._described = False
        self._heard_at = _NEVER_YET

    def join(self, snapshot: Snapshot) -> None:
        """Take what was before the first event."""
        if snapshot.state is not None:
            self._take_state(snapshot.state)
        for detection in snapshot.detections:
            self._take_detection(detection, _LONG_AGO)

    def take(self, event: AnyEvent, at: float) -> None:
        """Take an event of the daemon."""
        self._heard_at = at
        match event:
            case PosteriorsEvent():
                if self.thresholds.keys() != event.scores.keys():
                    self._set_words({word: self.thresholds.get(word) for word in event.scores})
                self.sound.add_row(event, self.thresholds, at)
            case DetectionEvent():
                self._take_detection(event, at)
            case HeartbeatEvent():
                self.heartbeat = event
                self.state = event.state
                self.sound.advance(event, self.thresholds, at)
            case StateEvent():
                self._take_state(event)
            case ErrorEvent():
                self.say(f"{event.code}: {event.detail}", at, event.sent)
                if event.code == "clipping":
                    self.sound.clip(at)

    def describe(self, description: Description) -> None:
        """Take what the daemon says of itself: the thresholds may have been changed."""
        self._described = True
        self.model = description.model.name
        self.device = description.device or self.device
        self.sound.timed = description.clock != "none"
        in_force = {word.word: word.threshold for word in description.keywords}
        # What somebody else has changed since is no longer the value of this monitor.
        self.unsaved = {w for w in self.unsaved if in_force.get(w) == self.thresholds.get(w)}
        self._set_words(dict(in_force))

    def set_threshold(self, word: str, threshold: float, saved: bool) -> None:
        """A threshold that this monitor asked for is in force."""
        if word not in self.thresholds:
            return
        self.thresholds[word] = threshold
        if saved:
            self.unsaved.discard(word)
        else:
            self.unsaved.add(word)

    def heed(self, notice: Notice, at: float) -> None:
        """Take what the subscriber says of the connection."""
        self.lost += notice.missed
        match notice.kind:
            case "silent":
                self.silent_since = min(at, self._heard_at)
            case "back":
                self.silent_since = None
            case "new_boot":
                self.sound.restart()
                self.heartbeat = None
                self.unsaved = set()
                self._described = False
        self.say(notice.text, at)

    def say(self, text: str, at: float, time: datetime | None = None) -> None:
        """Make `text` the remark, of now if `time` is not given."""
        self.remark = Remark(time or now(), text, at)

    def _take_state(self, event: StateEvent) -> None:
        self.state, self.why, self.device = event.state, event.why, event.device

    def _take_detection(self, event: DetectionEvent, at: float) -> None:
        self.sound.add_detection(event, at)
        self.model = event.model.name
        if not self._described:
            self.thresholds[event.keyword] = event.threshold

    def _set_words(self, thresholds: dict[str, float | None]) -> None:
        self.thresholds = thresholds
        if self.selected not in thresholds:
            self.selected = None
