"""Watching the CURVE handshakes that fail: to its client a refusing server is just silence."""

import zmq
from zmq.utils.monitor import recv_monitor_message

_REFUSED = zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH


class HandshakeWatch:
    """Counts what one server socket refuses; lives in the thread of that socket.

    A peer that just goes away in mid-handshake (a port scanner, a probing client) does not count.
    """

    def __init__(self, watched: zmq.Socket[bytes]) -> None:
        self._watched = watched
        self.socket = watched.get_monitor_socket(_REFUSED)
        self.refused = 0

    def read(self) -> None:
        """Take in everything that has been reported so far."""
        while self.socket.poll(0):
            recv_monitor_message(self.socket)
            self.refused += 1

    def close(self) -> None:
        """Stop to watch; the watched socket must still be open."""
        self._watched.disable_monitor()
        self.socket.close(linger=0)
