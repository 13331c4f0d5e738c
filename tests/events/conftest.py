"""A running event server for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stand_in

from kws.events.server import EventServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EventServer]:
    """A started server on ipc sockets in ``tmp_path``."""
    server = stand_in.make_server(tmp_path)
    server.start()
    yield server
    server.stop()
