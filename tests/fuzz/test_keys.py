"""Damaged key files: refused as `EndpointError`, or keys that a socket takes."""

from pathlib import Path
from typing import Any

import pytest
import zmq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kws.errors import EndpointError
from kws.events.keys import ClientKeys, ServerKeys, make_client_keys, make_server_keys
from tests.support.mutations import bounded, check_message, edited, edits

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FILES = ("server.key", "clients/desk.pub", "control.allow", "desk/client.key", "desk/server.pub")
Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A daemon's folder with a client's inside."""
    folder = tmp_path_factory.mktemp("keys")
    make_client_keys(make_server_keys(folder), "desk", control=True, folder=folder / "desk")
    return folder


@quick
@given(
    name=st.sampled_from(FILES),
    changes=edits(),
    foreign=st.none() | st.binary(max_size=50) | st.text(Z85, min_size=40, max_size=40),
)
@example(name="server.key", changes=[], foreign="%" * 40)
@example(name="desk/server.pub", changes=[], foreign="%" * 40)
def test_a_damaged_key(
    keys: Path, name: str, changes: list[Any], foreign: bytes | str | None
) -> None:
    good = (keys / name).read_bytes()
    match foreign:
        case None:
            damaged = edited(good, changes)
        case str():
            damaged = foreign.encode()
        case _:
            damaged = foreign
    (keys / name).write_bytes(damaged)
    try:
        with bounded():
            use(keys)
    except EndpointError as error:
        check_message(error)
    finally:
        (keys / name).write_bytes(good)


def use(folder: Path) -> None:
    """Do with the keys what daemon and client do."""
    server, client = ServerKeys.load(folder), ClientKeys.load(folder / "desk")
    with zmq.Context() as context:
        for keys in (server, client):
            with context.socket(zmq.DEALER) as socket:
                keys.secure(socket)
    server.callback("kws", client.public)
    server.may_control(client.public)


@pytest.mark.parametrize("name", ["\udcff", "a b", "ä", ".", "x" * 200])
def test_odd_names_of_clients(tmp_path: Path, name: str) -> None:
    make_client_keys(make_server_keys(tmp_path), "desk", control=True, folder=tmp_path / "desk")
    (tmp_path / "clients" / "desk.pub").rename(tmp_path / "clients" / f"{name}.pub")
    server = ServerKeys.load(tmp_path)
    assert not server.may_control(ClientKeys.load(tmp_path / "desk").public)
