"""Hears the daemon in a thread of its own, so that nothing it waits for stops the view."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Full, Queue
from threading import Event

from kws.events.client.continuity import Notice
from kws.events.client.subscriber import Subscriber
from kws.events.messages import AnyEvent

_MOST = 2000
"""Then the subscriber waits, and counts what it loses."""
_TURN_SECONDS = 0.25


class Feed:
    """Events and notices, from the thread that waits for them to the one that draws."""

    def __init__(self) -> None:
        self._arrived: Queue[AnyEvent | Notice] = Queue(_MOST)
        self._ending = Event()
        self._following: Future[None] | None = None

    def put(self, news: AnyEvent | Notice) -> None:
        """Pass something on; waits while there is no room."""
        while not self._ending.is_set():
            with contextlib.suppress(Full):
                self._arrived.put(news, timeout=_TURN_SECONDS)
                return

    @contextlib.contextmanager
    def following(self, subscriber: Subscriber) -> Iterator[None]:
        """The context in which `subscriber` is listened to; it belongs to the thread meanwhile."""
        with ThreadPoolExecutor(1, "events") as executor:
            self._following = executor.submit(self._follow, subscriber)
            try:
                yield
            finally:
                self._ending.set()

    def take(self) -> Iterator[AnyEvent | Notice]:
        """What has arrived since the last call; raises what ended the thread."""
        if self._following is not None and self._following.done():
            self._following.result()
        # No more than there is room for: what arrives meanwhile is for the next picture.
        for _ in range(_MOST):
            try:
                yield self._arrived.get_nowait()
            except Empty:
                return

    def _follow(self, subscriber: Subscriber) -> None:
        while not self._ending.is_set():
            event = subscriber.receive(_TURN_SECONDS)
            if event is not None:
                self.put(event)
