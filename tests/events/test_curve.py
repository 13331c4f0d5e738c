"""Keys, their files, and who gets in with them; over real sockets."""

import json
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stand_in
import zmq
from listener import wait_for
from stand_in import make_server

from kws.errors import ConfigError, EndpointError, KwsError, NoDaemonError, OutputError
from kws.events import publisher as publisher_module
from kws.events import subscriber as subscriber_module
from kws.events.client import ControlClient
from kws.events.continuity import Notice
from kws.events.curve import ClientKeys, ServerKeys, make_client_keys, make_server_keys, read_key
from kws.events.messages import ErrorEvent
from kws.events.requests import Describe, Description, Mute, Muting, Snapshot, TakeSnapshot
from kws.events.server import EventServer
from kws.events.subscriber import Subscriber


@pytest.fixture
def keys(tmp_path: Path) -> ServerKeys:
    """Keys of a daemon, of ``kitchen`` that may listen and ``desk`` that may control."""
    made = make_server_keys(tmp_path / "keys")
    make_client_keys(made, "kitchen", False, tmp_path / "kitchen")
    make_client_keys(made, "desk", True, tmp_path / "desk")
    return made


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
    server.start()
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


def test_secret_files_are_private(keys: ServerKeys, tmp_path: Path) -> None:
    for secret in (keys.folder / "server.key", tmp_path / "desk" / "client.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    loaded = ServerKeys.load(keys.folder)
    assert loaded == keys
    assert sorted(loaded.clients().values()) == ["desk", "kitchen"]
    assert ClientKeys.load(tmp_path / "desk").server == keys.public


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_secret_that_others_can_read_is_refused(
    keys: ServerKeys, tmp_path: Path, mode: int
) -> None:
    (keys.folder / "server.key").chmod(mode)
    with pytest.raises(EndpointError, match="chmod 600"):
        ServerKeys.load(keys.folder)
    (tmp_path / "desk" / "client.key").chmod(mode)
    with pytest.raises(EndpointError, match="chmod 600"):
        ClientKeys.load(tmp_path / "desk")


def test_existing_keys_are_not_replaced(keys: ServerKeys, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there already"):
        make_server_keys(keys.folder)
    with pytest.raises(ConfigError, match="there already"):
        make_client_keys(keys, "desk", False, tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["", "../evil", "a b", ".hidden", "a/b"])
def test_client_names_are_file_names(keys: ServerKeys, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a client"):
        make_client_keys(keys, name, False, tmp_path / "new")


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 41, b"\xff" * 40, b"~" * 40])
def test_damaged_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "server.pub").write_bytes(content)
    with pytest.raises(EndpointError, match=r"server\.pub holds no CURVE key"):
        read_key(tmp_path / "server.pub")


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


def test_new_client_may_no_more_than_was_said(keys: ServerKeys, tmp_path: Path) -> None:
    """Though one of the same name, who has been shut out, could control the daemon."""
    make_client_keys(keys, "lamp", True, tmp_path / "first")
    (keys.folder / "clients" / "lamp.pub").unlink()
    with pytest.raises(ConfigError, match="names lamp still"):
        make_client_keys(keys, "lamp", False, tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_list_without_a_last_line_end_is_continued(keys: ServerKeys, tmp_path: Path) -> None:
    (keys.folder / "control.allow").write_text("desk\nlamp")
    make_client_keys(keys, "clock", True, tmp_path / "clock")
    assert (keys.folder / "control.allow").read_text().split() == ["desk", "lamp", "clock"]


@pytest.mark.parametrize("taken", ["", "client.key", "server.pub"])
def test_a_client_whose_folder_fails_leaves_nothing_behind(
    keys: ServerKeys, tmp_path: Path, taken: str
) -> None:
    folder = tmp_path / "clock"
    obstacle = folder / taken
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.write_text("kept")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError):
        make_client_keys(keys, "clock", True, folder)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    make_client_keys(keys, "clock", True, tmp_path / "elsewhere")
    assert "clock" in keys.clients().values()


def test_list_that_cannot_be_written_is_said(keys: ServerKeys, tmp_path: Path) -> None:
    (keys.folder / "control.allow").unlink()
    (keys.folder / "control.allow").mkdir()
    with pytest.raises(ConfigError, match="cannot read"):
        make_client_keys(keys, "clock", True, tmp_path / "clock")


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
    server.start()
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
    endpoints = {"events": server.events, "control": server.control}
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
def make_running(folder: Path, **options: object) -> Iterator[EventServer]:
    server = make_server(folder, **options)
    server.start()
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
    server.start()
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

    def remember(*arguments: object) -> object:
        started.append(start(*arguments))
        return started[-1]

    monkeypatch.setattr(publisher_module, "_start_authenticator", remember)
    server = make_server(
        tmp_path, events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*", keys=keys
    )
    server.start()
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


def test_half_a_key_does_not_stay_behind(tmp_path: Path) -> None:
    """As on a full disk: what could not be written whole can be made later."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"server\.key"):
            make_server_keys(tmp_path / "keys")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    make_server_keys(tmp_path / "keys")
    assert ServerKeys.load(tmp_path / "keys").secret
