"""The client's end of the events: joins without loss, notices what is lost, survives restarts."""

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import msgspec
import zmq

from kws.errors import ConfigError, KwsError, NoDaemonError
from kws.events import topics as topic_names
from kws.events.client.connection_watch import ConnectionWatch
from kws.events.client.continuity import Continuity, Notice
from kws.events.client.control_client import ControlClient
from kws.events.client.search import find_daemon
from kws.events.endpoints import Endpoints
from kws.events.keys import ClientKeys
from kws.events.messages import AnyEvent, DetectionEvent, HeartbeatEvent, decode_event
from kws.events.requests import Snapshot, TakeSnapshot

logger = logging.getLogger(__name__)

DEFAULT_TOPICS = (topic_names.DETECTION, topic_names.STATE, topic_names.ERROR)
SILENCE_SECONDS = 3.0
_RECEIVE_HIGH_WATER_MARK = 10_000


def _log_notice(notice: Notice) -> None:
    logger.warning(notice.text)


class Subscriber:
    """A blocking iterator over the events of a daemon.  For one thread.

    ::

        with Subscriber() as events:
            for word in events.detections():
                print(word.keyword, word.score)

    Joining follows the rule that loses nothing: subscribe, the heartbeats last; wait for the first
    heartbeat; ask for the `snapshot` of all that was before; yield what comes after.  Later, when
    messages are missing or the daemon has been restarted, detections and the state are fetched
    from another snapshot, and what remains lost is reported.

    Args:
        topics: prefixes of the topics to yield.
        events, control: endpoints; see `kws.events.endpoints.candidates` for the defaults.
        keys: folder with the CURVE keys of this client.
        timeout: iteration ends when there has been no event for so many seconds; None never.
        wait: whether to wait for a daemon that is not there yet.
        on_notice: told of losses and silence; by default they go to the log.

    Raises `NoDaemonError` or `EndpointError` when no daemon can be joined.
    """

    def __init__(
        self,
        topics: Iterable[str] = DEFAULT_TOPICS,
        *,
        events: str | None = None,
        control: str | None = None,
        keys: Path | str | None = None,
        timeout: float | None = None,
        wait: bool = False,
        on_notice: Callable[[Notice], None] = _log_notice,
    ) -> None:
        self.snapshot: Snapshot | None = None
        """All that was before the join; None when the daemon's control socket does not answer."""
        self._topics = tuple(topics)
        self._timeout = timeout
        self._on_notice = on_notice
        self._keys = None if keys is None else ClientKeys.load(Path(keys))
        self._continuity = Continuity(self._topics, self._fetch_snapshot, on_notice)
        self._ready: deque[AnyEvent] = deque()
        self._silent = False
        self._silent_at = math.inf
        self.endpoints: Endpoints = find_daemon("events", events, control, wait)
        """Where the daemon was found."""
        with ExitStack() as stack:
            self._connect(stack)
            self._join(wait)
            self._open = stack.pop_all()

    def receive(self, timeout: float | None = None) -> AnyEvent | None:
        """The next event, or None when there is none for ``timeout`` seconds (None: wait)."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while not self._ready:
            event = self._read(min(deadline, self._silent_at))
            now = time.monotonic()
            if event is not None:
                self._ready.extend(self._continuity.take(event))
            elif now >= self._silent_at:
                self._endure_silence()
            elif now >= deadline:
                return None
        return self._ready.popleft()

    def detections(self) -> Iterator[DetectionEvent]:
        """The detections alone, as they come; iteration ends as it does for all events.

        Raises:
            ConfigError: no topic of this subscriber has detections.
        """
        if not any(
            topic.startswith(topic_names.DETECTION) or topic_names.DETECTION.startswith(topic)
            for topic in self._topics
        ):
            raise ConfigError(
                f"none of the topics {', '.join(self._topics)} has detections: "
                f"subscribe to {topic_names.DETECTION}"
            )
        return (event for event in self if isinstance(event, DetectionEvent))

    def __iter__(self) -> Iterator[AnyEvent]:
        return self

    def __next__(self) -> AnyEvent:
        event = self.receive(self._timeout)
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """Leave the daemon."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _connect(self, stack: ExitStack) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        stack.callback(context.term)
        self._socket = stack.enter_context(context.socket(zmq.SUB))
        self._socket.linger = 0
        self._socket.rcvhwm = _RECEIVE_HIGH_WATER_MARK
        self._socket.reconnect_ivl_max = 2000
        self._socket.ipv6 = True
        self._socket.heartbeat_ivl = 5000  # a connection that died silently is replaced
        if self._keys is not None:
            self._keys.secure(self._socket)
        self._watch = ConnectionWatch(self._socket)
        stack.callback(self._watch.close)
        # The first heartbeat proves that the subscriptions before it are in force; whatever
        # covers the heartbeats therefore comes last.
        for topic in sorted(self._topics, key=topic_names.HEARTBEAT.startswith):
            self._socket.subscribe(topic)
        self._socket.subscribe(topic_names.HEARTBEAT)
        self._socket.connect(self.endpoints.events)

    def _join(self, wait: bool) -> None:
        early: list[AnyEvent] = []
        while True:
            event = self._read(time.monotonic() + SILENCE_SECONDS)
            if isinstance(event, HeartbeatEvent):
                break
            if event is not None:
                early.append(event)
            elif wait:
                self._endure_silence()
            else:
                raise NoDaemonError(self._watch.explain(self.endpoints.events, SILENCE_SECONDS))
        self.snapshot = self._continuity.join(event, early)
        for event in early:
            self._ready.extend(self._continuity.take(event))

    def _read(self, deadline: float) -> AnyEvent | None:
        """The next event on the socket, or None when there is none until ``deadline``."""
        while True:
            rest = deadline - time.monotonic()
            if not self._socket.poll(None if rest == math.inf else max(0, math.ceil(1000 * rest))):
                return None
            frames = self._socket.recv_multipart()
            if self._silent:
                self._on_notice(Notice("back", "the daemon is heard again"))
            self._silent = False
            self._silent_at = time.monotonic() + SILENCE_SECONDS
            try:
                return decode_event(frames[-1])
            except msgspec.DecodeError as error:
                self._on_notice(Notice("unreadable", f"a message that is no event: {error}"))

    def _endure_silence(self) -> None:
        endpoint = self.endpoints.events
        if not self._silent:
            self._on_notice(Notice("silent", self._watch.explain(endpoint, SILENCE_SECONDS)))
        self._silent = True
        self._silent_at = time.monotonic() + SILENCE_SECONDS
        # ZeroMQ connects again after a loss, but not always after a handshake that failed; the
        # daemon may have been started with the wrong keys and be right the next time.
        if self._watch.shaken_off:
            self._socket.disconnect(endpoint)
            self._socket.connect(endpoint)

    def _fetch_snapshot(self) -> Snapshot | None:
        endpoint = self.endpoints.control
        if not endpoint:
            return None
        try:
            with ControlClient(endpoint, self._keys) as client:
                return client.ask(TakeSnapshot(), Snapshot)
        except KwsError as error:
            self._on_notice(Notice("no_snapshot", f"what was before the join is unknown: {error}"))
            return None
