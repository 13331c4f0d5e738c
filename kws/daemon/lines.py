"""Detections as lines for a person."""

import logging
import queue
import sys
import threading
from typing import Self

from kws.events.messages import DetectionEvent

logger = logging.getLogger(__name__)

_WAITING = 100


def log_detection(event: DetectionEvent) -> None:
    """For where nobody watches."""
    logger.info("heard %s", _line(event))


class DetectionLines:
    """Prints detections from a thread of its own: a stopped terminal must not stop the daemon."""

    def __init__(self) -> None:
        self._events: queue.Queue[DetectionEvent | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="kws-lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._put(None)
        self._thread.join(1)

    def show(self, event: DetectionEvent) -> None:
        """Print `event` soon; never waits."""
        self._put(event)

    def _put(self, event: DetectionEvent | None) -> None:
        try:
            self._events.put_nowait(event)
        except queue.Full:
            logger.warning("the terminal takes no more lines")

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            sys.stdout.write(_line(event) + "\n")
            sys.stdout.flush()


def _line(event: DetectionEvent) -> str:
    when = f"{event.end / event.rate:9.2f} s"
    if event.time is not None:
        when = f"{event.time.astimezone():%H:%M:%S.%f}"[:-3]
    gap = "  (after a gap)" if event.gap else ""
    return f"{when}  {event.keyword:<12} {event.score:.3f}  {event.level_dbfs:4.0f} dBFS{gap}"
