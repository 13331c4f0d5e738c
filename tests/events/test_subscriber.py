"""The subscriber on real sockets: joining, silence, restarts, losses."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import zmq

import kws
from kws.errors import ConfigError, EndpointError, NoDaemonError
from kws.events.client import subscriber as subscriber_module
from kws.events.client.continuity import Notice
from kws.events.client.subscriber import Subscriber
from kws.events.messages import DetectionEvent, ErrorEvent, Event, StateEvent, now
from kws.events.server.server import EventServer
from tests.support import stand_in
from tests.support.stand_in import DEADLINE, StandIn, make_server

Kind = TypeVar("Kind", bound=Event)


def join(server: EventServer | StandIn, *topics: str, **options: Any) -> Subscriber:
    return Subscriber(
        topics or ("kws/detection/",), events=server.events, control=server.control, **options
    )


@pytest.fixture
def notices() -> list[Notice]:
    return []


def next_of(subscriber: Subscriber, kind: type[Kind]) -> Kind:
    while not isinstance(event := subscriber.receive(DEADLINE), kind):
        assert event is not None
    return event


def test_detections_alone(server: EventServer) -> None:
    with join(server, "kws/", timeout=2.0) as subscriber:
        server.publish(StateEvent(state="listening", since=now()))
        server.publish(stand_in.detection(1, "yes"))
        server.publish(ErrorEvent(code="gap", detail="made up"))
        server.publish(stand_in.detection(2, "no"))
        words = subscriber.detections()
        assert [next(words).keyword, next(words).keyword] == ["yes", "no"]


def test_topics_without_detections_are_refused(server: EventServer) -> None:
    message = "none of the topics kws/state/ has detections"
    with join(server, "kws/state/") as subscriber, pytest.raises(ConfigError, match=message):
        subscriber.detections()


def test_it_is_part_of_the_public_interface() -> None:
    assert kws.Subscriber is Subscriber
    for name in kws.__all__:
        assert getattr(kws, name).__name__ == name
    code = "import kws, sys; from kws import Spotter; assert 'zmq' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_200_joins_under_fast_publishing_lose_nothing(tmp_path: Path) -> None:
    """Whatever the snapshot does not hold arrives: the numbers go on without a hole."""
    notices: list[Notice] = []
    with StandIn(tmp_path, "--every", "0.0005") as publisher:
        for _ in range(200):
            with join(publisher, on_notice=notices.append) as subscriber:
                assert subscriber.snapshot is not None
                seen = dict(subscriber.snapshot.seqs)
                for _ in range(20):
                    event = subscriber.receive(DEADLINE)
                    assert isinstance(event, DetectionEvent)
                    assert event.seq == seen.get(event.topic, 0) + 1
                    seen[event.topic] = event.seq
    assert notices == []


def test_joins_of_topics_that_cover_the_heartbeats_lose_nothing(
    server: EventServer, notices: list[Notice]
) -> None:
    for topics in (["kws/", "kws/detection/"], [""], ["kws/h", "kws/detection/"]):
        with join(server, *topics, on_notice=notices.append) as subscriber:
            server.publish(stand_in.detection(1))
            assert next_of(subscriber, DetectionEvent)
    assert notices == []


def test_snapshot_holds_what_was_before(server: EventServer) -> None:
    server.publish(StateEvent(state="listening", since=now()))
    server.publish(stand_in.detection(1))
    with join(server, "kws/") as subscriber:
        assert subscriber.snapshot is not None
        assert subscriber.snapshot.state is not None
        assert [event.fired for event in subscriber.snapshot.detections] == [16000]


def test_iteration_ends_after_the_timeout(server: EventServer) -> None:
    with join(server, timeout=0.2) as subscriber:
        server.publish(stand_in.detection(1))
        server.publish(stand_in.detection(2))
        assert [event.fired for event in subscriber.detections()] == [16000, 32000]


def test_no_daemon_is_an_error_that_says_where(tmp_path: Path) -> None:
    with pytest.raises(NoDaemonError, match=f"ipc://{tmp_path}/events"):
        Subscriber(events=f"ipc://{tmp_path}/events")
    with pytest.raises(EndpointError, match="cannot read the key"):
        Subscriber(keys=tmp_path / "nothing")


def test_tcp_without_daemon_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_module, "SILENCE_SECONDS", 1.0)
    with zmq.Context() as context, context.socket(zmq.PUB) as silent:
        port = silent.bind_to_random_port("tcp://127.0.0.1")
        with pytest.raises(NoDaemonError, match="said nothing"):
            Subscriber(events=f"tcp://127.0.0.1:{port}")
    with pytest.raises(NoDaemonError, match="no daemon answers at tcp"):
        Subscriber(events="tcp://127.0.0.1:1")


def test_it_can_wait_for_the_daemon(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    late = threading.Timer(0.3, lambda: stand_in.start(server))
    late.start()
    with join(server, wait=True) as subscriber:
        server.publish(stand_in.detection(1))
        assert subscriber.receive(DEADLINE)
    late.join()
    server.stop()


def test_silence_is_reported_and_its_end(
    tmp_path: Path, notices: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_module, "SILENCE_SECONDS", 1.5)
    with StandIn(tmp_path) as daemon, join(daemon, on_notice=notices.append) as subscriber:
        daemon.process.send_signal(signal.SIGSTOP)
        while subscriber.receive(0.2) is not None or not notices:
            pass
        assert [notice.kind for notice in notices] == ["silent"]
        daemon.process.send_signal(signal.SIGCONT)
        assert subscriber.receive(DEADLINE)
    assert [notice.kind for notice in notices] == ["silent", "back"]


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_daemon_restarts_under_a_subscriber(
    tmp_path: Path, notices: list[Notice], end: str
) -> None:
    with StandIn(tmp_path) as first, join(first, on_notice=notices.append) as subscriber:
        boot = next_of(subscriber, Event).boot
        getattr(first.process, end)()
        first.process.wait(DEADLINE)
        with StandIn(tmp_path):
            while (event := next_of(subscriber, DetectionEvent)).boot == boot:
                pass
            # All from its first word on, although it spoke before we were connected again.
            numbers = [event.fired // 16000]
            while len(numbers) < 20:
                numbers.append(next_of(subscriber, DetectionEvent).fired // 16000)
    assert numbers == list(range(1, 21))
    assert {notice.kind for notice in notices} - {"silent", "back"} == {"new_boot"}


@pytest.fixture
def overrun(
    server: EventServer, notices: list[Notice], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Subscriber]:
    """A subscriber that has not read while far more was sent than any buffer holds."""
    monkeypatch.setattr(subscriber_module, "_RECEIVE_HIGH_WATER_MARK", 10)
    with join(server, "kws/detection/", "kws/error/", on_notice=notices.append) as subscriber:
        detail = "x" * 20_000
        for number in range(1, 3001):
            server.publish(ErrorEvent(code="test", detail=detail, count=number))
        for number in range(1, 6):
            server.publish(stand_in.detection(number, "yes"))
        yield subscriber


def test_slow_reader_hears_of_its_losses_and_gets_the_detections(
    overrun: Subscriber, server: EventServer, notices: list[Notice]
) -> None:
    counts: list[int] = []
    words: list[int] = []
    while len(words) < 5:
        event = overrun.receive(DEADLINE)
        assert event is not None
        if isinstance(event, DetectionEvent):
            words.append(event.fired)
        else:
            counts.append(event.seq)
    while event := overrun.receive(1.2):
        counts.append(event.seq)
    assert words == [16000 * number for number in range(1, 6)]
    assert 0 < len(counts) < 3000
    assert counts == sorted(set(counts))
    assert sum(notice.missed for notice in notices) == 3000 - len(counts)
    assert {notice.kind for notice in notices} == {"gap"}


def test_rubbish_from_a_foreign_publisher_is_reported(
    tmp_path: Path, notices: list[Notice], server: EventServer
) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as foreign:
        foreign.linger = 0
        foreign.bind(f"ipc://{tmp_path}/foreign")
        rubbish = [b"kws/heartbeat/", b"\x80\x04pickle"]

        def answer() -> None:
            while foreign.poll(int(1000 * DEADLINE)) and foreign.recv() != b"\x01kws/heartbeat/":
                pass
            foreign.send_multipart(rubbish)
            foreign.send_multipart([b"kws/heartbeat/", b"[" * 100_000])

        sender = threading.Thread(target=answer)
        sender.start()
        with pytest.raises(NoDaemonError):
            Subscriber(events=f"ipc://{tmp_path}/foreign", on_notice=notices.append)
        sender.join()
    assert [notice.kind for notice in notices] == ["unreadable", "unreadable"]


def test_notices_go_to_the_log_by_default(
    server: EventServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with Subscriber(events=server.events, control="ipc:///nowhere/control") as subscriber:
        assert subscriber.snapshot is None
        server.publish(stand_in.detection(1))
        assert subscriber.receive(DEADLINE)
    assert "no daemon answers at ipc:///nowhere/control" in caplog.text
