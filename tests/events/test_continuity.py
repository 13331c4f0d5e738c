"""What a subscriber yields and reports, on made-up losses and restarts."""

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.events.client.continuity import Continuity, Notice
from kws.events.messages import (
    AnyEvent,
    DetectionEvent,
    ErrorEvent,
    HeartbeatEvent,
    StateEvent,
    now,
)
from kws.events.requests import Snapshot
from kws.events.server.journal import REMEMBERED_DETECTIONS, Journal
from tests.support import stand_in


@dataclass
class Daemon:
    """Numbers events and keeps the journal, like the server."""

    boot: str = "first"
    numbers: dict[str, int] = field(default_factory=dict)
    answers: bool = True

    def __post_init__(self) -> None:
        self.journal = Journal(self.boot)

    def send(self, event: AnyEvent) -> AnyEvent:
        number = self.numbers[event.topic] = self.numbers.get(event.topic, 0) + 1
        sent = msgspec.structs.replace(event, boot=self.boot, seq=number)
        self.journal.note(sent)
        return sent

    def beat(self) -> HeartbeatEvent:
        beat = msgspec.structs.replace(stand_in.heartbeat(), seqs=dict(self.journal.seqs))
        sent = self.send(beat)
        assert isinstance(sent, HeartbeatEvent)
        return sent

    def snapshot(self) -> Snapshot | None:
        return self.journal.snapshot() if self.answers else None


def refuse(notice: Notice) -> None:
    pytest.fail(notice.text)


class Reader:
    """A `Continuity` with its daemon and its memory; joined at once."""

    def __init__(self, daemon: Daemon, *prefixes: str) -> None:
        self.daemon = daemon
        self.notices: list[Notice] = []
        self.yielded: list[AnyEvent] = []
        self._continuity = Continuity(
            prefixes or ("kws/",), lambda: self.daemon.snapshot(), self.notices.append
        )
        self.snapshot = self._continuity.join(daemon.beat())

    def take(self, event: AnyEvent) -> list[AnyEvent]:
        new = list(self._continuity.take(event))
        self.yielded += new
        return new

    @property
    def missed(self) -> int:
        return sum(notice.missed for notice in self.notices)


def error() -> ErrorEvent:
    return ErrorEvent(code="gap", detail="test")


def test_join_discards_what_the_snapshot_has() -> None:
    daemon = Daemon()
    old = daemon.send(stand_in.detection(1, "yes"))
    reader = Reader(daemon)
    assert reader.snapshot is not None
    assert reader.snapshot.detections == [old]
    assert reader.take(old) == []
    new = daemon.send(stand_in.detection(2, "yes"))
    assert reader.take(new) == [new]
    assert reader.take(new) == []
    assert reader.notices == []


def test_missed_detections_come_from_the_snapshot_in_order() -> None:
    reader = Reader(daemon := Daemon())
    events = [daemon.send(stand_in.detection(number)) for number in range(6)]
    assert reader.take(events[4]) == events
    assert reader.take(events[5]) == []
    assert reader.notices == []


def test_missed_state_comes_from_the_snapshot() -> None:
    reader = Reader(daemon := Daemon())
    daemon.send(StateEvent(state="device_lost", since=now()))
    last = daemon.send(StateEvent(state="listening", since=now()))
    beat = daemon.beat()
    assert reader.take(beat) == [last, beat]
    assert reader.missed == 1


def test_heartbeat_tells_of_a_lost_last_message() -> None:
    reader = Reader(daemon := Daemon(), "kws/detection/")
    lost = daemon.send(stand_in.detection(1))
    assert reader.take(daemon.beat()) == [lost]
    assert reader.take(daemon.beat()) == []
    assert reader.notices == []


def test_what_no_snapshot_holds_is_reported_once() -> None:
    reader = Reader(daemon := Daemon())
    daemon.send(error())
    daemon.send(error())
    third = daemon.send(error())
    assert reader.take(third) == [third]
    reader.take(daemon.beat())
    assert [(notice.kind, notice.missed) for notice in reader.notices] == [("gap", 2)]
    assert "kws/error/" in reader.notices[0].text


def test_more_losses_than_a_snapshot_remembers_are_counted() -> None:
    reader = Reader(daemon := Daemon())
    events = [daemon.send(stand_in.detection(n, "yes")) for n in range(REMEMBERED_DETECTIONS + 7)]
    assert reader.take(events[-1]) == events[7:]
    assert reader.missed == 7


def test_topics_of_others_are_no_gap() -> None:
    reader = Reader(daemon := Daemon(), "kws/detection/yes/")
    for number in range(8):
        daemon.send(stand_in.detection(number, "no"))
        daemon.send(error())
    assert reader.take(daemon.beat()) == []
    assert reader.notices == []


def test_without_a_snapshot_the_heartbeat_is_the_beginning() -> None:
    daemon = Daemon(answers=False)
    old = daemon.send(stand_in.detection(1, "yes"))
    reader = Reader(daemon)
    assert reader.snapshot is None
    assert reader.take(old) == []
    daemon.send(stand_in.detection(2, "yes"))
    new = daemon.send(stand_in.detection(3, "yes"))
    assert reader.take(new) == [new]
    assert reader.missed == 1


def test_without_a_snapshot_what_came_before_the_heartbeat_counts() -> None:
    daemon = Daemon(answers=False)
    daemon.send(stand_in.detection(1, "yes"))
    early = [daemon.send(stand_in.detection(number, "yes")) for number in (2, 3)]
    yielded: list[AnyEvent] = []
    continuity = Continuity(["kws/"], daemon.snapshot, refuse)
    continuity.join(daemon.beat(), early)
    for event in early:
        yielded += continuity.take(event)
    assert yielded == early


def test_restart_brings_what_the_new_daemon_has_said_already() -> None:
    reader = Reader(daemon := Daemon())
    reader.take(daemon.send(stand_in.detection(1, "yes")))
    reader.daemon = daemon = Daemon("second")
    state = daemon.send(StateEvent(state="listening", since=now()))
    early = daemon.send(stand_in.detection(1, "yes"))
    beat = daemon.beat()
    assert reader.take(beat) == [state, early]
    assert [notice.kind for notice in reader.notices] == ["new_boot"]
    late = daemon.send(stand_in.detection(2, "yes"))
    assert [*reader.take(late), *reader.take(late)] == [late]


def test_snapshot_of_another_daemon_is_not_believed() -> None:
    first, other = Daemon("first"), Daemon("other")
    other.send(stand_in.detection(9, "yes"))
    reader = Reader(first)
    reader.daemon = other
    first.send(stand_in.detection(1, "yes"))
    second = first.send(stand_in.detection(2, "yes"))
    assert reader.take(second) == [second]
    assert reader.missed == 1


@given(
    arrives=st.lists(st.booleans(), max_size=60),
    restarts=st.sets(st.integers(0, 60), max_size=2),
    keywords=st.sampled_from([("yes",), stand_in.KEYWORDS]),
)
def test_every_detection_is_yielded_once_whatever_is_lost(
    arrives: list[bool], restarts: set[int], keywords: tuple[str, ...]
) -> None:
    """As long as the snapshots hold it: only the last words before a restart may be lost."""
    reader = Reader(daemon := Daemon(), "kws/detection/")
    sent: list[AnyEvent] = []
    for number, heard in enumerate(arrives):
        if number in restarts:
            reader.take(daemon.beat())
            reader.daemon = daemon = Daemon(f"restart {number}")
        event = daemon.send(stand_in.detection(number, keywords[number % len(keywords)]))
        sent.append(event)
        if heard:
            reader.take(event)
    reader.take(daemon.beat())
    words = [event for event in reader.yielded if isinstance(event, DetectionEvent)]
    assert len(words) == len(reader.yielded)
    assert sorted(event.id for event in words) == sorted(
        event.id for event in sent if isinstance(event, DetectionEvent)
    )
    assert reader.missed == 0
    for keyword in keywords:
        of_one = [event.fired for event in words if event.keyword == keyword]
        assert of_one == sorted(of_one)


@pytest.mark.parametrize("prefix", ["", "kws/", "kws/heart"])
def test_heartbeats_are_yielded_to_those_who_want_them(prefix: str) -> None:
    reader = Reader(daemon := Daemon(), prefix)
    beat = daemon.beat()
    assert reader.take(beat) == [beat]
