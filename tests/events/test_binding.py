"""Whose endpoints they are: locks, sockets left behind, permissions."""

import os
import stat
from pathlib import Path

import pytest

from kws.errors import EndpointError
from kws.events.client.control_client import ControlClient
from kws.events.requests import Ping, Pong
from kws.events.server.server import EventServer
from tests.support import stand_in
from tests.support.stand_in import make_server


def test_second_daemon_is_refused_and_told_who_has_it(server: EventServer, tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match=rf"pid {os.getpid()}\b"):
        stand_in.start(make_server(tmp_path))
    with pytest.raises(EndpointError, match="control belongs to a running daemon"):
        stand_in.start(make_server(tmp_path, events=f"ipc://{tmp_path}/other"))
    with ControlClient(server.control, timeout=stand_in.DEADLINE) as client:
        assert client.ask(Ping(), Pong).boot == server.boot


def test_second_daemon_on_the_same_port_is_refused() -> None:
    first = make_server(Path(), events="tcp://127.0.0.1:*", control="tcp://127.0.0.1:*")
    stand_in.start(first)
    assert first.events != first.control
    second = make_server(Path(), events=first.events, control="tcp://127.0.0.1:*")
    with pytest.raises(EndpointError, match="taken by another process"):
        stand_in.start(second)
    first.stop()


def test_endpoint_is_free_again_after_stop_and_after_sigkill(tmp_path: Path) -> None:
    killed = stand_in.StandIn(tmp_path)
    with pytest.raises(EndpointError, match=f"pid {killed.process.pid}"):
        stand_in.start(make_server(tmp_path))
    killed.kill()
    assert (tmp_path / "events").is_socket()
    for _ in range(20):
        server = make_server(tmp_path)
        stand_in.start(server)
        with ControlClient(server.control, timeout=stand_in.DEADLINE) as client:
            assert client.ask(Ping(), Pong).boot == server.boot
        server.stop()


def test_stop_leaves_nothing_but_the_lock_files(server: EventServer, tmp_path: Path) -> None:
    assert (tmp_path / "events").is_socket()
    server.stop()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["control.lock", "events.lock"]


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o660), (0o007, 0o660), (0o077, 0o600)])
def test_umask_decides_about_the_group_and_others_never_get_in(
    tmp_path: Path, umask: int, mode: int
) -> None:
    before = os.umask(umask)
    try:
        server = make_server(tmp_path)
        stand_in.start(server)
    finally:
        assert os.umask(before) == umask
    for name in ("events", "control"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
    server.stop()


def test_missing_folder_is_named(tmp_path: Path) -> None:
    server = make_server(tmp_path / "nowhere")
    with pytest.raises(EndpointError, match="nowhere"):
        stand_in.start(server)
