"""Detections as lines for a person."""

import logging

from kws.daemon.writer import LineWriter
from kws.events.messages import DetectionEvent
from kws.events.moments import moment

logger = logging.getLogger(__name__)


def log_detection(event: DetectionEvent) -> None:
    """For where nobody watches."""
    logger.info("heard %s", _line(event))


def leave_out(event: DetectionEvent) -> None:
    """For a log that must not contain the words."""


class DetectionLines(LineWriter):
    """Prints detections."""

    def show(self, event: DetectionEvent) -> None:
        """Print `event` soon; never waits."""
        self.write(_line(event))


def _line(event: DetectionEvent) -> str:
    when, gap = moment(event), "  (after a gap)" if event.gap else ""
    return f"{when}  {event.keyword:<12} {event.score:.3f}  {event.level_dbfs:4.0f} dBFS{gap}"
