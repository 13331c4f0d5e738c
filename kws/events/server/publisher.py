"""The sending end of the events: one thread that owns the sockets."""

import logging
import math
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import zmq

from kws.events import topics
from kws.events.endpoints import check_bindable, ipc_path
from kws.events.keys import ZAP_DOMAIN, ServerKeys
from kws.events.messages import ErrorEvent, Event, HeartbeatEvent, encode_event
from kws.events.server import binding
from kws.events.server.handshake_watch import HandshakeWatch
from kws.events.server.journal import Journal
from kws.events.server.lock import EndpointLock
from kws.events.server.outbox import Outbox

if TYPE_CHECKING:
    from zmq.auth.thread import ThreadAuthenticator

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
FRAMES_PER_TURN = 16
"""What is read from one socket before the others have their turn."""

_QUICKEST_HEARTBEAT = 0.02


class EventPublisher:
    """Publishes events, and a heartbeat every second.

    `publish` may be called by any thread and never waits: it hands the event over to the socket
    thread.  When that thread cannot keep up the event is dropped and counted, and its sequence
    number is missing for every subscriber to see.

    Args:
        events: endpoint; a wildcard port (``tcp://127.0.0.1:*``) becomes the real one.
        source: goes into the header of every event that has none of its own.
        keys: with them only listed clients get in.
        insecure: allows a non-loopback TCP endpoint without keys.

    Raises `EndpointError` for an endpoint that makes no sense or would be open to the world.
    """

    def __init__(
        self,
        events: str,
        *,
        source: str = "",
        keys: ServerKeys | None = None,
        insecure: bool = False,
    ) -> None:
        check_bindable(events, has_keys=keys is not None, insecure=insecure)
        self.events = events
        self.boot = str(uuid.uuid4())
        self.progress = 0
        """Turns of the socket thread; while it is well it makes at least one a second."""
        self.subscribed_to_posteriors = False
        """Whether anybody would hear a `PosteriorsEvent`."""
        self.refused = 0
        """CURVE handshakes that failed."""
        self.joined = threading.Event()
        """Set once somebody has subscribed to anything and been sent a heartbeat."""
        self._keys = keys
        self._journal = Journal(self.boot)
        self._outbox = Outbox(self.boot, source)
        self._unsendable = 0
        self._subscribed = False
        self._posterior_prefixes: set[bytes] = set()
        self._last_beat = self._next_beat = 0.0
        self._poller = zmq.Poller()
        self._watches: list[HandshakeWatch] = []
        self._locks: dict[Path, EndpointLock] = {}
        self._lost = 0
        """Locks or sockets of ours that somebody has removed or replaced."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kws-events", daemon=True)
        self._open = ExitStack()
        """What has to be closed again, in the opposite order."""

    @property
    def alive(self) -> bool:
        """Whether the socket thread runs.  If it ends before `stop`, it met a defect."""
        return self._thread.is_alive()

    @property
    def dropped(self) -> int:
        """Events that did not reach the socket."""
        return self._outbox.dropped + self._unsendable

    def start(self, heartbeat: Callable[[], HeartbeatEvent]) -> None:
        """Bind and start the thread, which asks for the body of a heartbeat every second.

        Raises `EndpointError`, with everything closed again; then build another publisher.
        """
        self._heartbeat = heartbeat
        with ExitStack() as stack:
            stack.callback(self._outbox.close)
            # Taken before and given back after everything else: what is done to the socket's file
            # on the way must not be done to the next daemon's.
            for path in filter(None, map(ipc_path, self._endpoints())):
                self._locks[path] = EndpointLock(path)
                stack.callback(self._locks[path].release)
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            stack.callback(context.term)
            if self._keys is not None:
                stack.callback(_start_authenticator(context, self._keys).stop)
            self._poller.register(self._outbox, zmq.POLLIN)
            self._bind_sockets(context, stack)
            self._open = stack.pop_all()
        self._thread.start()

    def publish(self, event: Event) -> None:
        """Send ``event`` to whoever has subscribed to it.  Any thread; never waits.

        Before `start` it is kept, after `stop` it is dropped.
        """
        self._outbox.put(event)

    def stop(self) -> None:
        """Send what has been published, close the sockets and end the thread.

        Takes at most a second or two, even when a subscriber does not take its messages.  Does
        nothing when the thread does not run.
        """
        self._stopping.set()
        self._outbox.wake()
        if self._thread.ident is not None:
            self._thread.join()

    def _endpoints(self) -> list[str]:
        return [self.events]

    def _bind_sockets(self, context: zmq.Context[zmq.Socket[bytes]], stack: ExitStack) -> None:
        self._events_socket = binding.open_events(context)
        self.events = self._bind(self._events_socket, self.events, stack)

    def _bind(self, socket: zmq.Socket[bytes], endpoint: str, stack: ExitStack) -> str:
        """Bind a socket that the thread will own; returns the endpoint with its real port."""
        stack.enter_context(socket)
        watch = HandshakeWatch(socket, endpoint)
        stack.callback(watch.close)
        self._watches.append(watch)
        self._poller.register(watch.socket, zmq.POLLIN)
        self._poller.register(socket, zmq.POLLIN)
        bound = binding.bind(socket, endpoint, self._keys)
        if (path := ipc_path(endpoint)) is not None:
            self._locks[path].bound()
        return bound

    def _run(self) -> None:
        with self._open:
            while not self._stopping.is_set():
                self._poller.poll(max(0, math.ceil(1000 * (self._next_beat - time.monotonic()))))
                self.progress += 1
                self._turn()
            self._send_published()

    def _turn(self) -> None:
        self._send_published()
        self._read_subscriptions()
        for watch in self._watches:
            watch.read()
        if time.monotonic() >= self._next_beat:
            self._beat()

    def _send_published(self) -> None:
        for event in self._outbox.take():
            self._send(event)

    def _send(self, event: Event) -> None:
        try:
            frames = [event.topic.encode(), encode_event(event)]
        except ValueError as error:
            self._unsendable += 1
            detail = f"a {type(event).__name__} was not sent: {error}"
            logger.error(detail)
            self.publish(ErrorEvent(code="unsendable", detail=detail, count=self._unsendable))
            return
        # An XPUB socket never waits: it drops what a slow subscriber has no room for.
        self._events_socket.send_multipart(frames)
        self._journal.note(event)

    def _read_subscriptions(self) -> None:
        for _ in range(FRAMES_PER_TURN):
            if not self._events_socket.poll(0):
                break
            frame = self._events_socket.recv()
            subscribes, prefix = frame[:1] == b"\x01", frame[1:]
            self._subscribed |= subscribes
            if subscribes and topics.HEARTBEAT.encode().startswith(prefix):
                # A joiner waits for this; the lower bound keeps many of them cheap.
                self._next_beat = min(self._next_beat, self._last_beat + _QUICKEST_HEARTBEAT)
            if topics.POSTERIORS.encode().startswith(prefix):
                if subscribes:
                    self._posterior_prefixes.add(prefix)
                else:
                    self._posterior_prefixes.discard(prefix)
        self.subscribed_to_posteriors = bool(self._posterior_prefixes)

    def _beat(self) -> None:
        self._report_refused()
        self._report_lost()
        heartbeat = msgspec.structs.replace(
            self._heartbeat(),
            seqs=dict(self._journal.seqs),
            dropped=self.dropped,
            refused=self.refused,
        )
        self._send(self._outbox.stamp(heartbeat))
        self._last_beat = time.monotonic()
        self._next_beat = self._last_beat + HEARTBEAT_SECONDS
        if self._subscribed:
            self.joined.set()

    def _report_refused(self) -> None:
        refused = sum(watch.refused for watch in self._watches)
        if refused > self.refused:
            detail = f"{refused - self.refused} CURVE handshakes failed: unknown key, or no CURVE"
            logger.warning(detail)
            self.refused = refused
            self.publish(ErrorEvent(code="handshake_refused", detail=detail, count=refused))

    def _report_lost(self) -> None:
        """Say it once when nobody can find this daemon any more, who would seem well otherwise."""
        lost = [missing for lock in self._locks.values() if (missing := lock.lost) is not None]
        if len(lost) > self._lost:
            detail = f"{', '.join(lost)}: no new client can connect, restart the daemon"
            logger.error(detail)
            self.publish(ErrorEvent(code="endpoint_lost", detail=detail, count=len(lost)))
        self._lost = len(lost)


def _start_authenticator(
    context: zmq.Context[zmq.Socket[bytes]], keys: ServerKeys
) -> "ThreadAuthenticator":
    from zmq.auth.thread import ThreadAuthenticator  # pulls in asyncio, for this case only

    authenticator = ThreadAuthenticator(context)
    authenticator.configure_curve_callback(ZAP_DOMAIN.decode(), keys)
    authenticator.start()
    return authenticator
