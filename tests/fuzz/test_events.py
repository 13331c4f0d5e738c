"""What strangers may send: to the daemon, to its clients, to a subscriber."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kws.errors import KwsError
from kws.events.client.continuity import Continuity, Notice
from kws.events.client.control_client import ControlClient
from kws.events.messages import (
    ErrorEvent,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
    decode_event,
    encode_event,
    now,
)
from kws.events.requests import Describe, Description, Snapshot, TakeSnapshot
from kws.events.server.control_desk import ControlDesk
from tests.support import stand_in
from tests.support.mutations import (
    FRAGMENTS,
    bounded,
    check_message,
    edited,
    edits,
    mutated_document,
    odd_values,
)

REQUESTS = (
    {"request": "describe"}, {"request": "snapshot"}, {"request": "ping"}, {"request": "reload"},
    {"request": "reset"}, {"request": "mute", "reason": "tts"}, {"request": "unmute"},
    {"request": "set_threshold", "keyword": "yes", "threshold": 0.5, "save": False},
)  # fmt: skip
SNAPSHOT = Snapshot(
    boot="b",
    state=StateEvent(boot="b", seq=1, state="listening", since=now()),
    detections=[stand_in.detection(1, "yes")],
    seqs={"kws/detection/yes/": 1},
)
EVENTS = [
    stand_in.detection(1, "yes"),
    StateEvent(state="muted", reason="tts", device="usb", since=now()),
    HeartbeatEvent(state="listening", uptime=1.5, samples=1, seqs={"kws/detection/yes/": 3}),
    PosteriorsEvent(position=1, posteriors={"yes": 0.5}, scores={"yes": 0.5}, level_dbfs=-20.0),
    ErrorEvent(code="gap", detail="lost"),
]

HUGE = {"kws/detection/yes/": 2**63, "kws/state/": 2**64 - 1}
"""Sequence numbers of no honest daemon."""

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def documents(originals: list[Any]) -> st.SearchStrategy[bytes]:
    """Bodies of messages: fields changed, text damaged, or nothing like it."""
    changed = st.sampled_from(originals).flatmap(mutated_document)
    whole = st.sampled_from(originals).map(msgspec.json.encode)
    return st.one_of(
        changed.map(as_json),
        st.builds(edited, whole, edits()),
        st.builds(with_field, whole, st.sampled_from(FRAGMENTS)),
        odd_values().map(as_json),
        st.binary(max_size=100),
        st.sampled_from(FRAGMENTS).map(str.encode),
    )


def as_json(value: Any) -> bytes:
    """As another program might write it: with NaN, and with numbers of any size."""
    return json.dumps(value).encode()


def with_field(document: bytes, value: str) -> bytes:
    """`document` with one more field in front."""
    return b'{"more": ' + value.encode() + b"," + document[1:]


@quick
@given(body=documents(list(REQUESTS)))
def test_every_request_is_answered(body: bytes) -> None:
    desk = ControlDesk("b", stand_in.Ears(), lambda: SNAPSHOT, keys=None)
    with bounded():
        answer = msgspec.json.decode(desk.answer([body], b""))
    assert isinstance(answer["reply"], str)
    if answer["reply"] == "error":
        assert answer["code"]
        assert len(answer["detail"]) < 2000


@quick
@given(body=documents(EVENTS))
@example(body=with_field(msgspec.json.encode(EVENTS[0]), '{"a":' * 5000))
@example(body=with_field(msgspec.json.encode(EVENTS[0]), '"\xff"').decode().encode("latin-1"))
@example(body=msgspec.json.encode(msgspec.structs.replace(EVENTS[2], boot="b", seqs=HUGE)))
def test_a_message_is_an_event_or_none(body: bytes) -> None:
    notices: list[Notice] = []
    continuity = Continuity(("kws/",), lambda: SNAPSHOT, notices.append)
    continuity.join(HeartbeatEvent(boot="b", state="listening", uptime=0.0, samples=0))
    with bounded():
        try:
            event = decode_event(body)
        except msgspec.DecodeError:
            return
        for heard in continuity.take(event):
            assert heard.topic.startswith("kws/")
        assert decode_event(encode_event(event)) == event


class Impostor(threading.Thread):
    """Answers every request with `body`."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(daemon=True)
        self.endpoint = endpoint
        self.body = b""
        self.stopping = threading.Event()

    def run(self) -> None:
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
            socket.linger = 0
            socket.bind(self.endpoint)
            while not self.stopping.is_set():
                if socket.poll(100):
                    *envelope, _ = socket.recv_multipart()
                    socket.send_multipart([*envelope, self.body])


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Impostor]:
    impostor = Impostor(f"ipc://{tmp_path_factory.mktemp('impostor')}/control")
    impostor.start()
    yield impostor
    impostor.stopping.set()
    impostor.join()


@pytest.fixture(scope="module")
def client(impostor: Impostor) -> Iterator[ControlClient]:
    with ControlClient(impostor.endpoint, timeout=stand_in.DEADLINE) as client:
        yield client


REPLIES = [
    SNAPSHOT,
    stand_in.Ears()(Describe()),
    {"reply": "error", "code": "ConfigError", "detail": "no keyword"},
]


@quick
@given(body=documents(REPLIES), wanted=st.sampled_from((Snapshot, Description)))
@example(body=b'{"reply": "error", "code": "__doc__", "detail": ""}', wanted=Snapshot)
@example(body=b'{"reply": "error", "more": ' + b'{"a":' * 5000, wanted=Snapshot)
def test_an_answer_is_understood_or_an_error(
    impostor: Impostor, client: ControlClient, body: bytes, wanted: type
) -> None:
    impostor.body = body
    with bounded():
        try:
            asked = TakeSnapshot() if wanted is Snapshot else Describe()
            assert isinstance(client.ask(asked, wanted), wanted)
        except KwsError as error:
            check_message(error)
