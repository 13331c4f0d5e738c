"""Which of the arriving events are new, which are missing, and what can be had again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kws.events import topics
from kws.events.messages import AnyEvent, HeartbeatEvent
from kws.events.requests import Snapshot


@dataclass(frozen=True)
class Notice:
    """Something about the connection that the reader of the events should know."""

    kind: Literal["silent", "back", "new_boot", "gap", "no_snapshot", "unreadable"]
    text: str
    """One line for a person."""
    missed: int = 0
    """Messages lost for good, for a gap."""


class Continuity:
    """Follows the sequence numbers of one daemon through losses and restarts.

    Detections and the state that were missed are taken from a snapshot; the rest is reported.

    Args:
        prefixes: of the topics that are subscribed to.
        fetch: asks the daemon for a snapshot; None when it does not answer.
        tell: is given the notices.
    """

    def __init__(
        self,
        prefixes: Sequence[str],
        fetch: Callable[[], Snapshot | None],
        tell: Callable[[Notice], None],
    ) -> None:
        self._prefixes = tuple(prefixes)
        self._fetch = fetch
        self._tell = tell
        self._boot = ""
        self._seen: dict[str, int] = {}

    def join(self, heartbeat: HeartbeatEvent, early: Sequence[AnyEvent] = ()) -> Snapshot | None:
        """Begin after the snapshot.

        Without a snapshot the beginning is the first ``heartbeat``, or for each topic the first of
        the events that were there ``early``, before it.
        """
        self._boot = heartbeat.boot
        snapshot = self._fetch_of(heartbeat.boot)
        if snapshot is not None:
            self._seen = dict(snapshot.seqs)
        else:
            before = {event.topic: event.seq - 1 for event in reversed(early)}
            self._seen = heartbeat.seqs | before
        return snapshot

    def take(self, event: AnyEvent) -> Iterator[AnyEvent]:
        """What to yield now that ``event`` has arrived: what was missed first, nothing twice."""
        if event.boot != self._boot:
            yield from self._start_anew(event.boot)
        elif isinstance(event, HeartbeatEvent):
            yield from self._mend(event.seqs)
        else:
            yield from self._mend({event.topic: event.seq - 1})
        if self._covers(event.topic) and event.seq > self._seen.get(event.topic, 0):
            self._seen[event.topic] = event.seq
            yield event

    def _covers(self, topic: str) -> bool:
        return topic.startswith(self._prefixes)

    def _fetch_of(self, boot: str) -> Snapshot | None:
        snapshot = self._fetch()
        # In the middle of a restart the answer may come from the daemon's next life, whose first
        # event will then be noticed; an answer from another daemon would be of no use either.
        return snapshot if snapshot is not None and snapshot.boot == boot else None

    def _start_anew(self, boot: str) -> Iterator[AnyEvent]:
        self._tell(Notice("new_boot", "the daemon has been started anew"))
        self._boot = boot
        self._seen = {}
        snapshot = self._fetch_of(boot)
        if snapshot is not None:
            yield from self._unseen(snapshot)
            self._seen = dict(snapshot.seqs)

    def _mend(self, sent: dict[str, int]) -> Iterator[AnyEvent]:
        """``sent`` is what must have arrived by now; yields what can be had again."""
        missing = {
            topic: range(self._seen.get(topic, 0) + 1, seq + 1)
            for topic, seq in sent.items()
            if topic != topics.HEARTBEAT and self._covers(topic) and seq > self._seen.get(topic, 0)
        }
        if not missing:
            return
        missed = sum(seqs.stop - seqs.start for seqs in missing.values())
        snapshot = self._fetch_of(self._boot)
        for event in () if snapshot is None else self._unseen(snapshot):
            missed -= event.seq in missing.get(event.topic, ())
            yield event
        for topic, seqs in missing.items():
            self._seen[topic] = max(self._seen.get(topic, 0), seqs[-1])
        if missed:
            where = ", ".join(sorted(missing))
            self._tell(Notice("gap", f"{missed} messages lost: {where}", missed))

    def _unseen(self, snapshot: Snapshot) -> Iterator[AnyEvent]:
        events: list[AnyEvent] = [*snapshot.detections]
        if snapshot.state is not None:
            events.insert(0, snapshot.state)
        for event in events:
            if self._covers(event.topic) and event.seq > self._seen.get(event.topic, 0):
                self._seen[event.topic] = event.seq
                yield event
