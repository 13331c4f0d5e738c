"""What the listening thread passes on."""

from pathlib import Path

import pytest

from kws.errors import NoDaemonError
from kws.events.client.continuity import Notice
from kws.events.client.subscriber import Subscriber
from kws.events.messages import AnyEvent, DetectionEvent
from kws.monitor.feed import Feed
from tests.support.listener import wait_for
from tests.support.stand_in import detection, make_server, start


def test_events_and_notices_arrive_in_order(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    start(server)
    feed = Feed()
    arrived: list[AnyEvent | Notice] = []

    def detections() -> list[str]:
        arrived.extend(feed.take())
        return [event.keyword for event in arrived if isinstance(event, DetectionEvent)]

    try:
        with Subscriber(
            ("kws/",), events=server.events, control=server.control, on_notice=feed.put
        ) as subscriber:
            feed.put(Notice("back", "the daemon is heard again"))
            with feed.following(subscriber):
                for number in range(1, 6):
                    server.publish(detection(number, f"word{number}"))
                wait_for("the detections", lambda: len(detections()) == 5)
    finally:
        server.stop()
    assert isinstance(arrived[0], Notice)
    assert detections() == [f"word{number}" for number in range(1, 6)]


class Broken(Subscriber):
    """A subscriber that cannot go on."""

    def __init__(self) -> None:
        """Joins nobody."""

    def receive(self, timeout: float | None = None) -> AnyEvent | None:
        raise NoDaemonError("it is over")


def test_what_ends_the_thread_is_raised_where_it_is_seen() -> None:
    feed = Feed()

    def taken() -> bool:
        list(feed.take())
        return False

    with feed.following(Broken()), pytest.raises(NoDaemonError, match="it is over"):
        wait_for("the end", taken)


class Endless(Subscriber):
    """A subscriber to a daemon that says more than anybody can take."""

    def __init__(self) -> None:
        """Joins nobody."""
        self.received = 0

    def receive(self, timeout: float | None = None) -> AnyEvent | None:
        self.received += 1
        return detection(self.received)


def test_what_nobody_takes_stays_within_bounds_and_does_not_hold_up_the_end() -> None:
    feed, endless = Feed(), Endless()
    with feed.following(endless):
        wait_for("a full feed", lambda: endless.received > 2000)
    assert endless.received <= 2002
    assert len(list(feed.take())) == 2000
