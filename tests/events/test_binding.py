"""Whose endpoints they are: locks, sockets left behind, permissions."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kws.errors import EndpointError
from kws.events.client.control_client import ControlClient
from kws.events.client.subscriber import Subscriber
from kws.events.messages import ErrorEvent
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


@pytest.mark.parametrize("which", ["events", "control"])
def test_what_is_no_socket_is_never_removed(tmp_path: Path, which: str) -> None:
    (tmp_path / "precious.txt").write_text("years of work")
    (tmp_path / "folder").mkdir()
    for name in ("precious.txt", "folder"):
        server = make_server(tmp_path, **{which: f"ipc://{tmp_path}/{name}"})
        with pytest.raises(EndpointError, match=f"{name} is no socket"):
            stand_in.start(server)
    assert (tmp_path / "precious.txt").read_text() == "years of work"
    assert (tmp_path / "folder").is_dir()


def test_both_sockets_at_one_endpoint(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    same = [f"ipc://{tmp_path}/events", f"ipc://{tmp_path}/link/events"]
    for control in same:
        with pytest.raises(EndpointError, match="the same endpoint"):
            make_server(tmp_path, events=same[0], control=control)
    with pytest.raises(EndpointError, match="the same endpoint"):
        make_server(tmp_path, events="tcp://127.0.0.1:5999", control="tcp://127.0.0.1:5999")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_nobody_else_can_hold_the_lock(server: EventServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:3]:
        folder.chmod(folder.stat().st_mode | 0o055)
    program = (
        "import fcntl, os, sys; os.setgid(65534); os.setuid(65534)\n"
        "try: os.open(sys.argv[1], os.O_RDONLY)\n"
        "except PermissionError: sys.exit(3)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "events.lock")]
    assert subprocess.run(command, check=False).returncode == 3


def test_the_holder_is_named_by_the_kernel_and_not_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "events.lock").write_text("1\n")
    program = (
        "import fcntl, sys; file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "events.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EndpointError, match=rf"pid {holder.pid}\b"):
            stand_in.start(make_server(tmp_path))
        holder.communicate("")


def test_the_socket_of_a_successor_stays(tmp_path: Path) -> None:
    """The first daemon's lock was removed under it, and so a second could start."""
    first, second = make_server(tmp_path), make_server(tmp_path)
    stand_in.start(first)
    (tmp_path / "events.lock").unlink()
    (tmp_path / "control.lock").unlink()
    stand_in.start(second)
    first.stop()
    with ControlClient(second.control, timeout=stand_in.DEADLINE) as client:
        assert client.ask(Ping(), Pong).boot == second.boot
    second.stop()


@pytest.mark.parametrize("name", ["events", "control.lock"])
def test_a_socket_or_lock_that_is_removed_is_said_once(
    server: EventServer, tmp_path: Path, name: str
) -> None:
    with Subscriber(["kws/error/"], events=server.events, control=server.control) as subscriber:
        (tmp_path / name).unlink()
        event = subscriber.receive(stand_in.DEADLINE)
        assert isinstance(event, ErrorEvent)
        assert event.code == "endpoint_lost"
        assert f"{name} was removed" in event.detail
        assert subscriber.receive(2.5) is None
