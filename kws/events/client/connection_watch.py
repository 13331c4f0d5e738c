"""Watching a connection: a server that refuses a client is just silence to it."""

from typing import Literal

import zmq
from zmq.utils.monitor import recv_monitor_message


class ConnectionWatch:
    """Sees how far one client socket got; lives in the thread of that socket."""

    _FAILED = (
        zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
        | zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
    )
    _SEEN = _FAILED | zmq.EVENT_CONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED

    def __init__(self, watched: zmq.Socket[bytes]) -> None:
        self._watched = watched
        self._socket = watched.get_monitor_socket(self._SEEN)
        self._stage: Literal["away", "no handshake", "connected"] = "away"

    @property
    def shaken_off(self) -> bool:
        """Whether the last attempt ended in the handshake; ZeroMQ may then try no other."""
        self._read()
        return self._stage == "no handshake"

    def explain(self, endpoint: str, seconds: float) -> str:
        """Why nothing has come from ``endpoint`` for so many seconds, in one line."""
        self._read()
        if self._stage == "connected":
            return f"{endpoint} is connected but has said nothing for {seconds:g} s"
        if self._stage == "no handshake":
            return (
                f"no handshake with {endpoint} in {seconds:g} s: wrong key, a key that the daemon "
                "does not list, only one side uses CURVE (see --keys), or the daemon stands still"
            )
        return f"no daemon answers at {endpoint}: start one with `kws listen`"

    def close(self) -> None:
        """Stop watching; the watched socket must still be open."""
        self._watched.disable_monitor()
        self._socket.close(linger=0)

    def _read(self) -> None:
        while self._socket.poll(0):
            event = recv_monitor_message(self._socket)["event"]
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                self._stage = "connected"
            elif event != zmq.EVENT_DISCONNECTED:
                self._stage = "no handshake"
            elif self._stage == "connected":
                self._stage = "away"
