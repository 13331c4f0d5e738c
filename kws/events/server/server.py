"""The daemon's end of the events: a publisher that also answers requests."""

from collections.abc import Callable
from contextlib import ExitStack

import zmq

from kws.events.endpoints import check_bindable, check_different
from kws.events.keys import ServerKeys
from kws.events.messages import HeartbeatEvent
from kws.events.server import binding
from kws.events.server.control_desk import ControlDesk, Handler
from kws.events.server.publisher import FRAMES_PER_TURN, EventPublisher

_LONGEST_ENVELOPE = 8
"""Frames; the number of a REQ socket, a few proxies on the way, and the empty one that ends it."""


class EventServer(EventPublisher):
    """Publishes events and answers requests; see `EventPublisher` for the rest.

    Args:
        events, control: endpoints; a wildcard port (``tcp://127.0.0.1:*``) becomes the real one.

    Raises `EndpointError` for an endpoint that makes no sense or would be open to the world.
    """

    def __init__(
        self,
        events: str,
        control: str,
        *,
        source: str = "",
        keys: ServerKeys | None = None,
        insecure: bool = False,
    ) -> None:
        super().__init__(events, source=source, keys=keys, insecure=insecure)
        check_bindable(control, has_keys=keys is not None, insecure=insecure)
        check_different(events, control)
        self.control = control

    def serve(self, handler: Handler, heartbeat: Callable[[], HeartbeatEvent]) -> None:
        """`start`, with requests carried out by `handler`, on the socket thread."""
        self._desk = ControlDesk(self.boot, handler, self._journal.snapshot, self._keys)
        self.start(heartbeat)

    def _endpoints(self) -> list[str]:
        return [*super()._endpoints(), self.control]

    def _bind_sockets(self, context: zmq.Context[zmq.Socket[bytes]], stack: ExitStack) -> None:
        super()._bind_sockets(context, stack)
        self._control_socket = binding.open_control(context)
        self.control = self._bind(self._control_socket, self.control, stack)

    def _turn(self) -> None:
        super()._turn()
        for _ in range(FRAMES_PER_TURN):
            if not self._control_socket.poll(0):
                return
            self._answer_request()

    def _answer_request(self) -> None:
        frames = self._control_socket.recv_multipart(copy=False)  # no frame is, however large
        # The authenticator's user id is the public key; without CURVE there is none.
        client = b"" if self._keys is None else str(frames[-1].get("User-Id")).encode()
        identity, *body = frames
        # A REQ socket puts an empty frame before the body (and a number before that, if it
        # correlates); the answer carries the same envelope.
        lengths = [len(frame) for frame in body[:_LONGEST_ENVELOPE]]
        envelope = lengths.index(0) + 1 if 0 in lengths else 0
        answer = self._desk.answer([frame.buffer for frame in body[envelope:]], client)
        self._control_socket.send_multipart([identity, *body[:envelope], answer])
