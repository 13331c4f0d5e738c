"""Who gets in with which keys, over real sockets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq

from kws.errors import KwsError, NoDaemonError
from kws.events.client import subscriber as subscriber_module
from kws.events.client.continuity import Notice
from kws.events.client.control_client import ControlClient
from kws.events.client.subscriber import Subscriber
from kws.events.keys import ClientKeys, ServerKeys, make_client_keys
from kws.events.messages import ErrorEvent
from kws.events.requests import Describe, Description, Mute, Muting, Snapshot, TakeSnapshot
from kws.events.server import publisher as publisher_module
from kws.events.server.server import EventServer
from tests.support import stand_in
from tests.support.listener import wait_for
from tests.support.stand_in import make_server


@pytest.fixture
def stranger(tmp_path: Path, keys: ServerKeys) -> Path:
    """A client that knows the daemon but is not in its list."""
    make_client_keys(keys, "stranger", True, tmp_path / "stranger")
    (keys.folder / "clients" / "stranger.pub").unlink()
    return tmp_path / "stranger"


@pytest.fixture
def server(tmp_path: Path, keys: ServerKeys) -> Iterator[EventServer]:
    """A server that anybody may reach over TCP."""
    server = make_server(
        tmp_path, events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*", keys=keys
    )
    stand_in.start(server)
    yield server
    server.stop()


def subscribe(server: EventServer, keys: Path | None) -> Subscriber:
    return Subscriber(["kws/"], events=server.events, control=server.control, keys=keys)


def refusal(server: EventServer, keys: Path | None) -> str:
    """What a client is told that is not let in; it need not wait as long as a user."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(NoDaemonError) as refused:
        patch.setattr(subscriber_module, "SILENCE_SECONDS", 1.5)
        subscribe(server, keys)
    return str(refused.value)


def test_listed_client_hears_and_asks_but_may_not_change(
    server: EventServer, tmp_path: Path
) -> None:
    with subscribe(server, tmp_path / "kitchen") as subscriber:
        assert subscriber.snapshot is not None
        server.publish(stand_in.detection(1))
        while (event := subscriber.receive(stand_in.DEADLINE)) is not None:
            if event.topic.startswith("kws/detection/"):
                break
        assert event is not None
    with ControlClient(server.control, ClientKeys.load(tmp_path / "kitchen")) as client:
        assert client.ask(Describe(), Description).model == stand_in.MODEL
        with pytest.raises(KwsError, match=r"control\.allow"):
            client.ask(Mute(), Muting)
    with ControlClient(server.control, ClientKeys.load(tmp_path / "desk")) as client:
        assert client.ask(Mute(reason="tts"), Muting).muted


def test_right_to_control_can_be_withdrawn_while_running(
    server: EventServer, keys: ServerKeys, tmp_path: Path
) -> None:
    with ControlClient(server.control, ClientKeys.load(tmp_path / "desk")) as client:
        assert client.ask(Mute(), Muting).muted
        (keys.folder / "control.allow").write_text("somebody\n")
        with pytest.raises(KwsError, match=r"control\.allow"):
            client.ask(Mute(), Muting)
        (keys.folder / "control.allow").unlink()
        with pytest.raises(KwsError, match=r"control\.allow"):
            client.ask(Mute(), Muting)


def test_unlisted_client_is_refused_counted_and_told(
    server: EventServer, stranger: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with subscribe(server, tmp_path / "kitchen") as subscriber:
        assert "wrong key" in refusal(server, stranger)
        with (
            ControlClient(server.control, ClientKeys.load(stranger), timeout=1.0) as client,
            pytest.raises(NoDaemonError, match="no handshake"),
        ):
            client.ask(TakeSnapshot(), Snapshot)
        wait_for("refusals counted", lambda: server.refused >= 2)
        while not isinstance(event := subscriber.receive(stand_in.DEADLINE), ErrorEvent):
            assert event is not None
        assert event.code == "handshake_refused"
    assert "handshakes failed" in caplog.text


def test_client_without_keys_is_refused_and_told(server: EventServer) -> None:
    assert "only one side uses CURVE" in refusal(server, None)
    wait_for("refusal counted", lambda: server.refused)


def test_client_that_trusts_another_daemon_is_told(server: EventServer, tmp_path: Path) -> None:
    (tmp_path / "desk" / "server.pub").write_bytes(zmq.curve_keypair()[0])
    assert "no handshake" in refusal(server, tmp_path / "desk")


def test_client_with_keys_at_a_daemon_without_is_told(keys: ServerKeys, tmp_path: Path) -> None:
    server = make_server(tmp_path, events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*")
    stand_in.start(server)
    assert "only one side uses CURVE" in refusal(server, tmp_path / "desk")
    server.stop()


def test_clients_come_and_go_while_the_daemon_runs(
    server: EventServer, keys: ServerKeys, tmp_path: Path
) -> None:
    make_client_keys(keys, "late", False, tmp_path / "late")
    with subscribe(server, tmp_path / "late"):
        pass
    (keys.folder / "clients" / "late.pub").unlink()
    assert "no handshake" in refusal(server, tmp_path / "late")


def test_damaged_list_admits_nobody_and_hurts_nothing(
    server: EventServer, keys: ServerKeys, tmp_path: Path
) -> None:
    damaged = keys.folder / "clients" / "damaged.pub"
    damaged.write_text("nonsense")
    assert "no handshake" in refusal(server, tmp_path / "desk")
    damaged.unlink()
    with subscribe(server, tmp_path / "desk"):
        pass


def test_subscriber_outlives_a_daemon_with_the_wrong_keys(
    server: EventServer, tmp_path: Path, keys: ServerKeys
) -> None:
    endpoints: dict[str, Any] = {"events": server.events, "control": server.control}
    notices: list[Notice] = []
    with Subscriber(**endpoints, keys=tmp_path / "desk", on_notice=notices.append) as subscriber:
        server.stop()
        with make_running(tmp_path, **endpoints):
            while not notices:
                assert subscriber.receive(0.5) is None
        assert "no handshake" in notices[0].text
        with make_running(tmp_path, **endpoints, keys=keys) as right:
            right.publish(stand_in.detection(1))
            assert subscriber.receive(stand_in.DEADLINE)
    assert [notice.kind for notice in notices] == ["silent", "back", "new_boot"]


@contextmanager
def make_running(folder: Path, **options: Any) -> Iterator[EventServer]:
    server = make_server(folder, **options)
    stand_in.start(server)
    yield server
    server.stop()


def test_without_the_authenticator_everybody_is_refused(
    keys: ServerKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Absent:
        def stop(self) -> None:
            """Nothing runs."""

    monkeypatch.setattr(publisher_module, "_start_authenticator", lambda *_: Absent())
    server = make_server(
        tmp_path, events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*", keys=keys
    )
    stand_in.start(server)
    assert refusal(server, tmp_path / "desk")
    with (
        ControlClient(server.control, ClientKeys.load(tmp_path / "desk"), timeout=1.0) as client,
        pytest.raises(NoDaemonError),
    ):
        client.ask(Describe(), Description)
    server.stop()


def test_authenticator_that_ends_while_running_admits_nobody_new(
    keys: ServerKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    start = publisher_module._start_authenticator

    def remember(*arguments: Any) -> object:
        started.append(start(*arguments))
        return started[-1]

    monkeypatch.setattr(publisher_module, "_start_authenticator", remember)
    server = make_server(
        tmp_path, events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*", keys=keys
    )
    stand_in.start(server)
    with subscribe(server, tmp_path / "desk"):
        pass
    started[0].stop()
    assert refusal(server, tmp_path / "desk")
    server.stop()


def test_plain_request_reaches_no_handler(server: EventServer) -> None:
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.linger = 0
        socket.connect(server.control)
        socket.send(json.dumps({"request": "mute"}).encode())
        wait_for("refusal counted", lambda: server.refused)
        assert not socket.poll(0)
