"""The publisher: headers, hand-over, faults, and the end."""

import math
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
import zmq

from kws.events import topics
from kws.events.client.control_client import ControlClient
from kws.events.messages import (
    ErrorEvent,
    Event,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
    decode_event,
    now,
)
from kws.events.requests import Reply, Reset, Snapshot, TakeSnapshot
from kws.events.server import outbox
from kws.events.server.server import EventServer
from tests.support import stand_in
from tests.support.listener import wait_for
from tests.support.stand_in import detection, make_server


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    with zmq.Context() as context:
        yield context
        context.destroy(linger=0)


def subscriber(
    context: zmq.Context[zmq.Socket[bytes]], server: EventServer, *prefixes: str
) -> zmq.Socket[bytes]:
    """A plain ZeroMQ client whose subscriptions are in force when this returns."""
    socket = context.socket(zmq.SUB)
    socket.rcvtimeo = int(1000 * stand_in.DEADLINE)
    for prefix in (*prefixes, topics.HEARTBEAT):
        socket.subscribe(prefix)
    socket.connect(server.events)
    assert isinstance(next_event(socket, Event), HeartbeatEvent)
    socket.unsubscribe(topics.HEARTBEAT)
    return socket


Kind = TypeVar("Kind", bound=Event)


def next_event(socket: zmq.Socket[bytes], kind: type[Kind]) -> Kind:
    """The next event of a kind; checks the frames on the way."""
    while True:
        topic, body = socket.recv_multipart()
        event = decode_event(body)
        assert event.topic.encode() == topic
        if isinstance(event, kind):
            return event


def publish_a_hundred(server: EventServer) -> None:
    for _ in range(100):
        server.publish(detection(4))


def block(level: float = -20.0) -> PosteriorsEvent:
    return PosteriorsEvent(position=320, posteriors={"yes": 0.5}, scores={}, level_dbfs=level)


def test_header_counts_per_topic(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    socket = subscriber(context, server, topics.DETECTION, topics.STATE)
    server.publish(detection(1, "yes"))
    server.publish(detection(2, "no"))
    server.publish(detection(3, "yes"))
    server.publish(StateEvent(state="listening", since=now(), source="kitchen"))
    heard = [next_event(socket, kind) for kind in (Event, Event, Event, StateEvent)]
    assert [event.seq for event in heard] == [1, 1, 2, 1]
    assert {event.boot for event in heard} == {server.boot}
    assert [event.source for event in heard] == ["", "", "", "kitchen"]
    assert all(abs(now() - event.sent) < timedelta(minutes=1) for event in heard)


def test_heartbeats_go_on_and_carry_the_sequence_numbers(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    socket = subscriber(context, server, topics.HEARTBEAT)
    server.publish(detection(1, "yes"))
    progress = server.progress
    first = next_event(socket, HeartbeatEvent)
    while not (beat := next_event(socket, HeartbeatEvent)).seqs.get("kws/detection/yes/"):
        pass
    assert beat.seq > first.seq
    assert beat.seqs["kws/detection/yes/"] == 1
    assert beat.seqs[topics.HEARTBEAT] == beat.seq - 1
    assert server.progress > progress


def test_publish_from_many_threads_loses_and_doubles_nothing(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    socket = subscriber(context, server, topics.DETECTION)
    socket.rcvhwm = 0
    threads = [threading.Thread(target=publish_a_hundred, args=(server,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    numbers = [next_event(socket, type(detection(1))).seq for _ in range(400)]
    assert numbers == list(range(1, 401))
    for thread in threads:
        thread.join()
    assert server.dropped == 0


def test_a_subscriber_that_never_reads_stops_nobody(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    stalled = context.socket(zmq.SUB)
    stalled.rcvhwm = 10
    stalled.subscribe("")
    stalled.connect(server.events)
    reader = subscriber(context, server, topics.POSTERIORS)
    reader.rcvhwm = 0
    for number in range(1, 5001):
        server.publish(block())
        assert next_event(reader, PosteriorsEvent).seq == number
    assert server.dropped == 0


def test_full_queue_drops_counts_and_leaves_a_hole(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "QUEUE_LIMIT", 10)
    held, release = threading.Event(), threading.Event()

    def stuck_handler(request: object) -> Reply:
        held.set()
        assert release.wait(stand_in.DEADLINE)
        return stand_in.Ears()(Reset())

    server = make_server(tmp_path)
    stand_in.start(server, stuck_handler)
    socket = subscriber(context, server, topics.DETECTION)
    with context.socket(zmq.DEALER) as control:
        control.connect(server.control)
        control.send(b'{"request": "reset"}')
        assert held.wait(stand_in.DEADLINE)
        for number in range(15):
            server.publish(detection(number, "yes"))
        assert server.dropped == 5
        release.set()
        assert b"reset_done" in control.recv()
    # Only what has arrived has left the queue: before that, it might still be full.
    assert [next_event(socket, Event).seq for _ in range(10)] == [*range(1, 11)]
    server.publish(detection(99, "yes"))
    assert next_event(socket, Event).seq == 16
    server.stop()


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (block(math.nan), "level_dbfs is no finite number"),
        (msgspec.structs.replace(block(), source="\udcff"), "surrogates not allowed"),
    ],
)
def test_what_json_cannot_say_never_goes_out(
    server: EventServer,
    context: zmq.Context[zmq.Socket[bytes]],
    bad: PosteriorsEvent,
    complaint: str,
) -> None:
    socket = subscriber(context, server, topics.POSTERIORS, topics.ERROR)
    server.publish(bad)
    server.publish(block())
    heard = [next_event(socket, Event), next_event(socket, Event)]
    fault = next(event for event in heard if isinstance(event, ErrorEvent))
    good = next(event for event in heard if isinstance(event, PosteriorsEvent))
    assert (fault.code, good.seq, server.dropped) == ("unsendable", 2, 1)
    assert complaint in fault.detail


@pytest.mark.parametrize("prefix", ["", "kws/", "kws/post", "kws/posteriors/"])
def test_posteriors_are_wanted_while_a_prefix_is_subscribed(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]], prefix: str
) -> None:
    other = subscriber(context, server, "kws/state/", "kws/pony/")
    assert not server.subscribed_to_posteriors
    socket = subscriber(context, server, prefix)
    assert server.subscribed_to_posteriors
    socket.close()
    wait_for("unsubscribed", lambda: not server.subscribed_to_posteriors)
    other.close()


def test_stop_sends_what_was_published(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    socket = subscriber(context, server, topics.STATE)
    server.publish(StateEvent(state="stopped", since=now()))
    server.stop()
    assert not server.alive
    assert next_event(socket, StateEvent).state == "stopped"
    server.publish(StateEvent(state="listening", since=now()))
    assert server.dropped == 1
    server.stop()


def test_publish_before_start_is_kept(tmp_path: Path) -> None:
    server = make_server(tmp_path)
    server.publish(StateEvent(state="starting", since=now()))
    stand_in.start(server)
    with ControlClient(server.control) as client:
        state = client.ask(TakeSnapshot(), Snapshot).state
    server.stop()
    assert state is not None
    assert state.state == "starting"


def test_a_server_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    make_server(tmp_path).stop()


def test_stop_ends_although_a_subscriber_never_reads(
    server: EventServer, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    stalled = subscriber(context, server, topics.POSTERIORS)
    stalled.rcvhwm = 1
    for _ in range(3000):
        server.publish(block())
    server.stop()
    assert not server.alive


def test_program_ends_on_sigterm_with_a_last_event(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    with stand_in.StandIn(tmp_path) as program:
        socket = context.socket(zmq.SUB)
        socket.rcvtimeo = int(1000 * stand_in.DEADLINE)
        socket.subscribe("kws/")
        socket.connect(program.events)
        next_event(socket, Event)
        program.process.send_signal(signal.SIGTERM)
        while next_event(socket, StateEvent).state != "stopped":
            pass
        assert program.process.wait(stand_in.DEADLINE) == 0


def test_publishing_needs_no_torch_and_no_scipy() -> None:
    code = "import kws.events.server.server, sys; assert not {'torch', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
