"""Default endpoints, what may be bound, and how a client searches."""

import grp
import os
import socket
import stat
import tempfile
import threading
from pathlib import Path

import pytest
import zmq

from kws.errors import EndpointError, NoDaemonError
from kws.events import endpoints
from kws.events.client.search import find_daemon
from kws.events.endpoints import Endpoints, candidates, check_bindable, default_endpoints
from tests.support import stand_in


def test_runtime_directory_of_systemd_comes_first(tmp_path: Path) -> None:
    environment = {"RUNTIME_DIRECTORY": "/run/kws:/run/more", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert default_endpoints(environment) == Endpoints(
        "ipc:///run/kws/events", "ipc:///run/kws/control"
    )


def test_session_directory_is_made_private(tmp_path: Path) -> None:
    found = default_endpoints({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert found.events == f"ipc://{tmp_path}/kws/events"
    assert stat.S_IMODE((tmp_path / "kws").stat().st_mode) == 0o700


@pytest.mark.parametrize("environment", [{}, {"XDG_RUNTIME_DIR": "/nowhere"}])
def test_temp_folder_is_the_last_resort(tmp_path: Path, environment: dict[str, str]) -> None:
    found = default_endpoints(environment | {"TMPDIR": str(tmp_path)})
    assert found.control == f"ipc://{tmp_path}/kws-{os.getuid()}/control"


def test_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / f"kws-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(EndpointError, match="somebody else"):
        default_endpoints({"TMPDIR": str(tmp_path)})


def test_link_in_the_temp_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / f"kws-{os.getuid()}").symlink_to(tmp_path / "target")
    with pytest.raises(EndpointError, match="somebody else"):
        default_endpoints({"TMPDIR": str(tmp_path)})


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of another user")
def test_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "kws-0"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    with pytest.raises(EndpointError, match="somebody else"):
        default_endpoints({"TMPDIR": str(tmp_path)})


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://127.0.0.1:5555", "tcp://localhost:*", "tcp://[::1]:5555", "tcp://lo:1", "ipc:///a/b"],
)
def test_local_endpoints_need_no_keys(endpoint: str) -> None:
    check_bindable(endpoint, has_keys=False)


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://*:5555",
        "tcp://0.0.0.0:5555",
        "tcp://192.168.1.2:*",
        "tcp://[::]:1",
        "tcp://eth0:1",
        "ipc://@abstract",
    ],
)
def test_open_endpoints_need_keys_or_insecure(endpoint: str) -> None:
    with pytest.raises(EndpointError, match="--insecure"):
        check_bindable(endpoint, has_keys=False)
    check_bindable(endpoint, has_keys=True)
    check_bindable(endpoint, has_keys=False, insecure=True)


@pytest.mark.parametrize(
    "endpoint",
    [
        "5555",
        "ipc://",
        "ipc://@",
        "ipc:///a\0b",
        "ipc:///\udcff",
        "tcp://localhost",
        "tcp://:5",
        "tcp://a b:5",
        "tcp://-:5",
        "tcp://a:+5",
        "udp://a:1",
        "pgm://x",
    ],
)
def test_nonsense_is_no_endpoint(endpoint: str) -> None:
    with pytest.raises(EndpointError, match="no endpoint"):
        check_bindable(endpoint, has_keys=True, insecure=True)
    with pytest.raises(EndpointError, match="no endpoint"):
        find_daemon("events", events=endpoint)
    with pytest.raises(EndpointError, match="no endpoint"):
        find_daemon("events", events="tcp://localhost:1", control=endpoint)


@pytest.mark.parametrize("endpoint", ["tcp://*:5555", "tcp://localhost:*"])
def test_a_client_needs_a_host_and_a_port(endpoint: str) -> None:
    with pytest.raises(EndpointError, match="no endpoint"):
        find_daemon("events", events=endpoint)


@pytest.mark.parametrize("endpoint", ["tcp://a-b_c.d:1", "tcp://[fe80::1%eth0]:1", "ipc://@a b"])
def test_zeromq_takes_what_a_client_may_say(endpoint: str) -> None:
    found = find_daemon("control", control=endpoint).control
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.ipv6, client.linger = True, 0
        client.connect(found)


def test_too_long_path_names_the_limit(tmp_path: Path) -> None:
    longest = "ipc:///" + "x" * (endpoints.LONGEST_IPC_PATH - 1)
    check_bindable(longest, has_keys=False)
    with pytest.raises(EndpointError, match="107 at most"):
        check_bindable(longest + "x", has_keys=False)
    with pytest.raises(EndpointError, match="107 at most"):
        find_daemon("events", events=longest + "x")


def test_longest_path_can_be_bound() -> None:
    with tempfile.TemporaryDirectory() as folder:
        padding = "x" * (endpoints.LONGEST_IPC_PATH - len(folder) - 1)
        server = stand_in.make_server(Path(folder), events=f"ipc://{folder}/{padding}")
        stand_in.start(server)
        assert find_daemon("events", events=server.events).events == server.events
        server.stop()


def test_client_tries_flags_then_environment_then_defaults(tmp_path: Path) -> None:
    home = {"XDG_RUNTIME_DIR": str(tmp_path)}
    told = home | {"KWS_EVENTS": "tcp://a:1", "KWS_CONTROL": "tcp://a:2"}
    assert candidates("ipc:///e", None, told) == [Endpoints("ipc:///e", "tcp://a:2")]
    assert candidates(None, None, told) == [Endpoints("tcp://a:1", "tcp://a:2")]
    assert candidates("ipc:///e", None, home) == [Endpoints("ipc:///e", "")]
    assert [place.events for place in candidates(None, None, home)] == [
        f"ipc://{tmp_path}/kws/events",
        "ipc:///run/kws/events",
    ]


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a client without a session looks: the user's directory in a temp folder."""
    for name in ("XDG_RUNTIME_DIR", "KWS_EVENTS", "KWS_CONTROL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"kws-{os.getuid()}"
    folder.mkdir(mode=0o700)
    return folder


def test_client_takes_its_own_directory_in_the_temp_folder(temp: Path) -> None:
    server = stand_in.make_server(temp)
    stand_in.start(server)
    assert find_daemon("events").events == server.events
    server.stop()


def test_client_hears_nobody_in_a_directory_that_others_can_write(temp: Path) -> None:
    server = stand_in.make_server(temp)
    stand_in.start(server)
    temp.chmod(0o777)
    with pytest.raises(EndpointError, match="somebody else"):
        find_daemon("events")
    server.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a folder of another user")
def test_client_hears_nobody_in_a_directory_of_another_user(temp: Path) -> None:
    server = stand_in.make_server(temp)
    stand_in.start(server)
    os.chown(temp, 12345, 12345)
    with pytest.raises(EndpointError, match="somebody else"):
        find_daemon("control", wait=True)
    server.stop()


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The user's and the system's directory, in a safe place; the first holds a dead socket."""
    user, system = tmp_path / "kws", tmp_path / "system"
    user.mkdir()
    system.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("KWS_EVENTS", raising=False)
    monkeypatch.delenv("KWS_CONTROL", raising=False)
    monkeypatch.setattr(endpoints, "SYSTEM_DIRECTORY", system)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(user / "events"))
    return user, system


def test_client_passes_by_what_a_killed_daemon_left(places: tuple[Path, Path]) -> None:
    with pytest.raises(NoDaemonError, match=r"kws/events or ipc://.*system/events"):
        find_daemon("events")
    server = stand_in.make_server(places[1])
    stand_in.start(server)
    assert find_daemon("events").events == server.events
    assert find_daemon("control").control == server.control
    server.stop()


def test_client_can_wait(places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    server = stand_in.make_server(places[1])
    looked = threading.Event()

    def nap(_seconds: float) -> None:
        looked.set()
        looked.wait(0.01)

    monkeypatch.setattr("kws.events.client.search.time.sleep", nap)

    def start_once_looked_for() -> None:
        assert looked.wait(stand_in.DEADLINE)
        stand_in.start(server)

    late = threading.Thread(target=start_once_looked_for)
    late.start()
    assert find_daemon("events", wait=True).events == server.events
    late.join()
    server.stop()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without rights")
def test_permission_denied_names_the_group() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        run = Path(folder) / "run"
        run.mkdir(mode=0o750)
        os.chown(run, -1, grp.getgrnam("daemon").gr_gid)
        server = stand_in.make_server(run)
        stand_in.start(server)
        os.seteuid(65534)
        try:
            with pytest.raises(EndpointError, match=r"permission denied .* -aG daemon \$USER"):
                find_daemon("events", events=server.events)
        finally:
            os.seteuid(0)
            server.stop()
