"""The hand-over of events from any thread to the socket thread."""

import os
import threading
from collections import deque

import msgspec

from kws.events.messages import Event, now

QUEUE_LIMIT = 4096
"""Events that may wait for the socket thread: more than a minute of posteriors."""

_CLOSED = -1


class Outbox:
    """A bounded queue that fills in the headers and wakes the socket thread.

    Events are numbered before they are queued, so that one which finds the queue full leaves a
    hole in the sequence.
    """

    def __init__(self, boot: str, source: str) -> None:
        self.dropped = 0
        """Events that found the queue full, or closed."""
        self._boot = boot
        self._source = source
        self._events: deque[Event] = deque()
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """A descriptor that is readable when there is something to take."""
        return self._wake

    def put(self, event: Event) -> None:
        """Queue ``event`` with its header; never waits, except a moment for another `put`."""
        with self._lock:
            event = self._head(event)
            if self._wake == _CLOSED or len(self._events) >= QUEUE_LIMIT:
                self.dropped += 1
                return
            self._events.append(event)
            os.eventfd_write(self._wake, 1)

    def stamp(self, event: Event) -> Event:
        """``event`` with its header, for the socket thread to send at once."""
        with self._lock:
            return self._head(event)

    def take(self) -> list[Event]:
        """All that waits, the oldest first."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return []
        with self._lock:
            taken = list(self._events)
            self._events.clear()
        return taken

    def wake(self) -> None:
        """Make the descriptor readable."""
        with self._lock:
            if self._wake != _CLOSED:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Give the descriptor back."""
        # Under the lock: the number may at once belong to another file, which must not be written.
        with self._lock:
            os.close(self._wake)
            self._wake = _CLOSED

    def _head(self, event: Event) -> Event:
        number = self._numbers[event.topic] = self._numbers.get(event.topic, 0) + 1
        return msgspec.structs.replace(
            event, boot=self._boot, seq=number, source=event.source or self._source, sent=now()
        )
