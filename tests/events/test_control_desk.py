"""The control socket: right requests, and everything that is none."""

import json
import pickle
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kws.errors import ConfigError, KwsError, NoDaemonError
from kws.events.client.control_client import ControlClient
from kws.events.messages import StateEvent, now
from kws.events.requests import (
    LARGEST_REQUEST,
    Describe,
    Description,
    HandledRequest,
    Mute,
    Muting,
    Ping,
    Pong,
    Reload,
    Reloaded,
    Reply,
    Reset,
    ResetDone,
    SetThreshold,
    Snapshot,
    TakeSnapshot,
    ThresholdSet,
    Unmute,
)
from kws.events.server.binding import LARGEST_FRAME
from kws.events.server.control_desk import ControlDesk
from kws.events.server.server import EventServer
from tests.support import stand_in
from tests.support.listener import wait_for
from tests.support.stand_in import StandIn


@pytest.fixture
def client(server: EventServer) -> Iterator[ControlClient]:
    with ControlClient(server.control, timeout=stand_in.DEADLINE) as client:
        yield client


@pytest.fixture
def raw(server: EventServer) -> Iterator[zmq.Socket[bytes]]:
    """A DEALER without manners."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.rcvtimeo = int(1000 * stand_in.DEADLINE)
        socket.connect(server.control)
        yield socket


def test_requests_of_the_handler(client: ControlClient) -> None:
    assert client.ask(Mute(reason="tts"), Muting).reasons == ["tts"]
    assert client.ask(Mute(), Muting) == Muting(muted=True, reasons=["tts", "user"])
    assert client.ask(Unmute(), Muting) == Muting(muted=True, reasons=["tts"])
    assert client.ask(Unmute(reason=None), Muting) == Muting(muted=False, reasons=[])
    assert client.ask(SetThreshold(keyword="yes", threshold=0.7), ThresholdSet).threshold == 0.7
    assert client.ask(Describe(), Description).labels == list(stand_in.KEYWORDS)
    assert client.ask(Reload(), Reloaded).model == stand_in.MODEL
    assert client.ask(Reset(), ResetDone).position == 24000


def test_ping_and_snapshot_need_no_handler(client: ControlClient, server: EventServer) -> None:
    assert client.ask(Ping(), Pong).boot == server.boot
    server.publish(StateEvent(state="muted", reason="tts", since=now()))
    for number in range(1, 131):
        server.publish(stand_in.detection(number, "yes"))
    wait_for(
        "the last event",
        lambda: client.ask(TakeSnapshot(), Snapshot).seqs.get("kws/detection/yes/") == 130,
    )
    snapshot = client.ask(TakeSnapshot(), Snapshot)
    assert snapshot.boot == server.boot
    assert snapshot.state is not None
    assert (snapshot.state.state, snapshot.state.seq) == ("muted", 1)
    assert [event.seq for event in snapshot.detections] == list(range(31, 131))


def test_an_error_of_the_daemon_arrives_as_itself(client: ControlClient) -> None:
    with pytest.raises(ConfigError, match="no keyword 'nix'"):
        client.ask(SetThreshold(keyword="nix", threshold=0.5), ThresholdSet)
    with pytest.raises(KwsError, match="threshold"):
        client.ask(SetThreshold(keyword="yes", threshold=1.5), ThresholdSet)


def test_silence_and_foreign_answers_are_no_daemon(server: EventServer) -> None:
    with (
        ControlClient("ipc:///nowhere/control", timeout=0.1) as client,
        pytest.raises(NoDaemonError, match="no daemon answers at ipc:///nowhere/control"),
    ):
        client.ask(Ping(), Pong)
    with (
        ControlClient(server.control, timeout=stand_in.DEADLINE) as client,
        pytest.raises(NoDaemonError, match="no daemon of this version"),
    ):
        client.ask(Ping(), Muting)


HOSTILE = {
    "empty": (b"", "malformed"),
    "text": (b"hello", "malformed"),
    "not utf-8": (b'{"request": "\xff"}', "malformed"),
    "unknown": (b'{"request": "shutdown"}', "malformed"),
    "unknown field": (b'{"request": "mute", "raeson": "tts"}', "malformed"),
    "wrong type": (b'{"request": "mute", "reason": 5}', "malformed"),
    "empty reason": (b'{"request": "mute", "reason": ""}', "malformed"),
    "no time": (b'{"request": "mute", "seconds": 0}', "malformed"),
    "endless": (b'{"request": "mute", "seconds": 1e300}', "malformed"),
    "NaN": (b'{"request": "set_threshold", "keyword": "yes", "threshold": NaN}', "malformed"),
    "array": (b"[]", "malformed"),
    "deep": (b'{"x": ' + b"[" * 60_000, "malformed"),
    "deep inside": (b'{"request": "mute", "reason": ' + b'{"a":' * 12_000, "malformed"),
    "pickle": (pickle.dumps(ConfigError), "malformed"),
    "too large": (b'{"request": "ping"}' + b" " * LARGEST_REQUEST, "too_large"),
    "far too large": (b"[" * LARGEST_FRAME, "too_large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_get_an_error_object(
    raw: zmq.Socket[bytes], server: EventServer, name: str
) -> None:
    body, code = HOSTILE[name]
    raw.send(body)
    answer = json.loads(raw.recv_multipart()[-1])
    assert (answer["reply"], answer["code"]) == ("error", code)
    assert answer["detail"]
    raw.send(b'{"request": "ping"}')
    assert json.loads(raw.recv()) == {"reply": "pong", "boot": server.boot}


def test_more_frames_than_one_are_refused(raw: zmq.Socket[bytes]) -> None:
    raw.send_multipart([b'{"request": "ping"}'] * 2)
    assert json.loads(raw.recv())["code"] == "malformed"
    raw.send_multipart([*[b"hop"] * 20, b"", b'{"request": "ping"}'])
    assert json.loads(raw.recv())["detail"] == "a request is 1 frame, not 22"


def test_an_envelope_comes_back(raw: zmq.Socket[bytes]) -> None:
    raw.send_multipart([b"proxy", b"number", b"", b'{"request": "ping"}'])
    *envelope, answer = raw.recv_multipart()
    assert envelope == [b"proxy", b"number", b""]
    assert json.loads(answer)["reply"] == "pong"


def test_a_message_of_many_large_frames_is_not_copied(tmp_path: Path) -> None:
    """ZeroMQ has to take a message as a whole; refusing it must not take as much again."""
    frames = [b"x" * 100_000] * 1000
    with (
        StandIn(tmp_path) as daemon,
        zmq.Context() as context,
        context.socket(zmq.DEALER) as client,
    ):
        client.linger = 0
        client.connect(daemon.control)
        before = peak_memory(daemon.process.pid)
        client.send_multipart(frames, copy=False)
        assert client.poll(int(1000 * stand_in.DEADLINE))
        assert json.loads(client.recv())["code"] == "malformed"
        assert peak_memory(daemon.process.pid) - before < 150_000_000


def peak_memory(process: int) -> int:
    """Largest resident size so far, in bytes."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return 1024 * int(line)


def test_a_frame_beyond_all_measure_costs_only_its_sender(
    raw: zmq.Socket[bytes], client: ControlClient, server: EventServer
) -> None:
    raw.send(b" " * (LARGEST_FRAME + 1))
    assert client.ask(Ping(), Pong).boot == server.boot
    assert server.alive


@pytest.mark.parametrize("name", ["events", "control"])
def test_bytes_that_are_no_zeromq_hurt_nobody(
    server: EventServer, client: ControlClient, name: str
) -> None:
    path = getattr(server, name).removeprefix("ipc://")
    for rubbish in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" + b"\0" * 200, b"\xff" * 5000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(rubbish)
    assert client.ask(Ping(), Pong).boot == server.boot
    assert server.alive


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next(tmp_path: Path) -> None:
    gave_up = threading.Event()

    def slow_handler(_: HandledRequest) -> Reply:
        assert gave_up.wait(stand_in.DEADLINE)
        return ResetDone(position=0)

    server = stand_in.make_server(tmp_path)
    stand_in.start(server, slow_handler)
    with ControlClient(server.control, timeout=0.1) as client:
        with pytest.raises(NoDaemonError):
            client.ask(Reset(), ResetDone)
        gave_up.set()
        client._timeout = stand_in.DEADLINE
        assert client.ask(Ping(), Pong).boot == server.boot
    server.stop()


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(frames=st.lists(st.binary(max_size=80), max_size=3))
def test_no_bytes_raise(frames: list[bytes]) -> None:
    desk = ControlDesk("boot", stand_in.Ears(), lambda: pytest.fail("no request"), None)
    assert json.loads(desk.answer(frames, b""))["reply"] == "error"


def test_answer_that_is_no_text_becomes_an_error() -> None:
    reply = Muting(muted=True, reasons=["\udcff"])
    desk = ControlDesk("boot", lambda _: reply, lambda: pytest.fail("no request"), None)
    answer = json.loads(desk.answer([b'{"request": "mute"}'], b""))
    assert (answer["reply"], answer["code"]) == ("error", "unsendable")
