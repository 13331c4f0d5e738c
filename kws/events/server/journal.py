"""What a late subscriber has to know, kept from the events as they are sent."""

from collections import deque

from kws.events.messages import DetectionEvent, Event, StateEvent
from kws.events.requests import Snapshot

REMEMBERED_DETECTIONS = 100


class Journal:
    """The last state, the last detections and the sequence numbers.  For the socket thread only."""

    def __init__(self, boot: str) -> None:
        self._boot = boot
        self._state: StateEvent | None = None
        self._detections: deque[DetectionEvent] = deque(maxlen=REMEMBERED_DETECTIONS)
        self.seqs: dict[str, int] = {}
        """The number of the last event of every topic."""

    def note(self, event: Event) -> None:
        """``event`` has just gone out."""
        self.seqs[event.topic] = event.seq
        if isinstance(event, StateEvent):
            self._state = event
        elif isinstance(event, DetectionEvent):
            self._detections.append(event)

    def snapshot(self) -> Snapshot:
        """Everything up to the last event that went out."""
        return Snapshot(
            boot=self._boot,
            state=self._state,
            detections=list(self._detections),
            seqs=dict(self.seqs),
        )
