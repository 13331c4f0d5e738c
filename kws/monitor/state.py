"""All that the monitor knows of a daemon, fed by its events; knows no terminal and no socket."""

from collections import deque
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
from kws.monitor.history import History
from kws.monitor.level import LevelMeter

_DETECTIONS = 100
_FLASH_SECONDS = 1.0
_LONG_AGO = float("-inf")
_NEVER_YET = float("inf")
_CLIPPING_SECONDS = 5.0


class Remark(NamedTuple):
    """The last thing out of the ordinary: a fault, a loss, an answer to a key."""

    time: datetime
    text: str


class MonitorState:
    """What is shown.  Times named ``at`` are those of a clock in seconds that never goes back.

    Attributes:
        state, device: of the daemon, as it told them last.
        why: the reason of the state and, of a mute, when it ends.
        heartbeat: the newest, None before the first.
        model: name of the model, None until known.
        thresholds: of every word, in the order of the daemon; None where it is not known.
        history: the scores of the last minute.
        level: the level meter.
        detections: the last ones, the oldest first.
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
        self.history = History()
        self.level = LevelMeter()
        self.detections: deque[DetectionEvent] = deque(maxlen=_DETECTIONS)
        self.lost = 0
        self.silent_since: float | None = None
        self.remark: Remark | None = None
        self._described = False
        self._heard_at = _NEVER_YET
        self._fired_at: dict[str, float] = {}
        self._clipped_at = _LONG_AGO

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
                self.level.add(event.level_dbfs, at)
                self.history.add(event.position, event.scores)
                if self.thresholds.keys() != event.scores.keys():
                    self.thresholds = {word: self.thresholds.get(word) for word in event.scores}
            case DetectionEvent():
                self._take_detection(event, at)
            case HeartbeatEvent():
                self.heartbeat = event
                self.state = event.state
                self.history.advance(event.samples)
            case StateEvent():
                self._take_state(event)
            case ErrorEvent():
                self.say(f"{event.code}: {event.detail}", event.sent)
                if event.code == "clipping":
                    self._clipped_at = at

    def describe(self, description: Description) -> None:
        """Take what the daemon says of itself: the thresholds may have been changed."""
        self._described = True
        self.model = description.model.name
        self.device = description.device or self.device
        self.thresholds = {word.word: word.threshold for word in description.keywords}

    def heed(self, notice: Notice, at: float) -> None:
        """Take what the subscriber says of the connection."""
        self.lost += notice.missed
        match notice.kind:
            case "silent":
                self.silent_since = min(at, self._heard_at)
            case "back":
                self.silent_since = None
            case "new_boot":
                self.history = History()
                self.heartbeat = None
                self._described = False
        self.say(notice.text)

    def say(self, text: str, time: datetime | None = None) -> None:
        """Make `text` the remark, of now if `time` is not given."""
        self.remark = Remark(time or now(), text)

    def listening(self, at: float) -> bool:
        """Whether scores arrive."""
        return self.level.level(at) is not None

    def just_fired(self, word: str, at: float) -> bool:
        """Whether `word` was detected within the last second."""
        return at - self._fired_at.get(word, _LONG_AGO) < _FLASH_SECONDS

    def clipping(self, at: float) -> bool:
        """Whether clipping was reported within the last seconds."""
        return at - self._clipped_at < _CLIPPING_SECONDS

    def _take_state(self, event: StateEvent) -> None:
        self.state, self.why, self.device = event.state, event.why, event.device

    def _take_detection(self, event: DetectionEvent, at: float) -> None:
        self.detections.append(event)
        self.history.mark(event.fired, event.keyword)
        self._fired_at[event.keyword] = at
        self.model = event.model.name
        if not self._described:
            self.thresholds[event.keyword] = event.threshold
