"""Keys and the files that they are in."""

import resource
import stat
import subprocess
from pathlib import Path

import pytest

from kws.errors import ConfigError, EndpointError, OutputError
from kws.events.keys import ClientKeys, ServerKeys, make_client_keys, make_server_keys, read_key


def test_secret_files_are_private(keys: ServerKeys, tmp_path: Path) -> None:
    for secret in (keys.folder / "server.key", tmp_path / "desk" / "client.key"):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    loaded = ServerKeys.load(keys.folder)
    assert loaded == keys
    assert sorted(loaded.clients().values()) == ["desk", "kitchen"]
    assert ClientKeys.load(tmp_path / "desk").server == keys.public


def test_a_clone_keeps_secret_keys_out_of_git() -> None:
    """Wherever `kws keygen` is told to put them, as examples have it or elsewhere."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        pytest.skip("this is no clone")
    secrets = ["keys/server.key", "desk/client.key", "some/where/client.key"]
    command = ["git", "check-ignore", *secrets]
    ignored = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert ignored.stdout.splitlines() == secrets


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


@pytest.mark.parametrize("line", ["# desk (left)", "# kitchen", "desk # and kitchen"])
def test_a_comment_grants_nothing(keys: ServerKeys, line: str) -> None:
    keys.control_list.write_text(f"{line}\n")
    kitchen = next(key for key, name in keys.clients().items() if name == "kitchen")
    desk = next(key for key, name in keys.clients().items() if name == "desk")
    assert not keys.may_control(kitchen)
    assert keys.may_control(desk) == line.startswith("desk")


def test_two_names_in_a_line_grant_nothing(keys: ServerKeys) -> None:
    keys.control_list.write_text("desk kitchen\n")
    assert not any(keys.may_control(key) for key in keys.clients())


@pytest.mark.parametrize("which", ["clients", ".", "control.allow"])
def test_lists_that_others_may_write_to_let_nobody_in(keys: ServerKeys, which: str) -> None:
    key = next(iter(keys.clients()))
    (keys.folder / which).chmod(0o777)
    assert not keys.may_control(key)
    if which != "control.allow":
        assert not keys.callback("kws", key)
        with pytest.raises(EndpointError, match="chmod go-w"):
            ServerKeys.load(keys.folder)
