"""Watching handshakes: to a client that is refused the server is just silent."""

import zmq
from zmq.utils.monitor import recv_monitor_message

_REFUSED = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH


class HandshakeWatch:
    """Counts the handshakes that fail at one server socket; lives in the thread of that socket.

    Over TCP, handshakes that the peer breaks off count too: a client which finds that only one side
    uses CURVE often does.  On ipc sockets they do not, because a client that checks there whether
    anybody listens (`kws.events.client.search`) connects and just goes away.
    """

    def __init__(self, watched: zmq.Socket[bytes], endpoint: str) -> None:
        self._watched = watched
        broken_off = zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL if endpoint.startswith("tcp://") else 0
        self.socket = watched.get_monitor_socket(_REFUSED | broken_off)
        self.refused = 0

    def read(self) -> None:
        """Take in everything that has been reported so far."""
        while self.socket.poll(0):
            recv_monitor_message(self.socket)
            self.refused += 1

    def close(self) -> None:
        """Stop watching; the watched socket must still be open."""
        self._watched.disable_monitor()
        self.socket.close(linger=0)
