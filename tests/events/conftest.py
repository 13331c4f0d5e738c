"""A running event server, and keys, for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kws.events.keys import ServerKeys, make_client_keys, make_server_keys
from kws.events.server.server import EventServer
from tests.support import stand_in


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EventServer]:
    """A started server on ipc sockets in ``tmp_path``."""
    server = stand_in.make_server(tmp_path)
    stand_in.start(server)
    yield server
    server.stop()


@pytest.fixture
def keys(tmp_path: Path) -> ServerKeys:
    """Keys of a daemon, of ``kitchen`` that may listen and ``desk`` that may control."""
    made = make_server_keys(tmp_path / "keys")
    make_client_keys(made, "kitchen", False, tmp_path / "kitchen")
    make_client_keys(made, "desk", True, tmp_path / "desk")
    return made
