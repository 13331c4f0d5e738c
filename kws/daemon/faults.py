"""Faults, each visible twice: as a log line and as an event."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from kws.events.messages import ErrorEvent

logger = logging.getLogger(__name__)

_QUIET_SECONDS = 1.0


class Faults:
    """Counts faults by code and reports them; any thread may report.

    A fault that repeats itself word for word is reported once a second; its count shows what was
    left out.
    """

    def __init__(self, publish: Callable[[ErrorEvent], None]) -> None:
        self.counts: Counter[str] = Counter()
        self._publish = publish
        self._told: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def report(self, code: str, detail: str) -> None:
        """`detail` is one line for a person."""
        now = time.monotonic()
        with self._lock:
            self.counts[code] += 1
            count = self.counts[code]
            told, when = self._told.get(code, ("", 0.0))
            if told == detail and now - when < _QUIET_SECONDS:
                return
            self._told[code] = (detail, now)
        logger.warning("%s: %s", code, detail)
        self._publish(ErrorEvent(code=code, detail=detail, count=count))
