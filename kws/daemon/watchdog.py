"""Tells systemd that the daemon is well, as long as it is."""

import logging
import time

from kws.audio.source import Source
from kws.daemon.inference import InferenceLoop
from kws.daemon.notify import Notifier
from kws.events.server.server import EventServer

logger = logging.getLogger(__name__)

_INFERENCE_SECONDS = 2.0
_SOCKET_SECONDS = 3.0
AUDIO_SECONDS = 45.0
"""More than the longest call that the daemon bears and the longest pause between two attempts."""


class Watchdog:
    """Feeds the watchdog of systemd only while the audio, inference and socket threads turn.

    A device that is missing is no fault of the process: the audio thread turns while it looks for
    one.  A call of its that hangs ends the daemon first, with an exit code of its own.
    """

    def __init__(
        self, source: Source, inference: InferenceLoop, server: EventServer, notifier: Notifier
    ) -> None:
        self._source = source
        self._inference = inference
        self._server = server
        self._notifier = notifier
        self._progress = -1
        self._progressed = 0.0
        self._next = 0.0
        self._stalled: str | None = None

    def turn(self) -> None:
        """Look after the threads; call it a few times a second."""
        stalled = self._find_stalled()
        if stalled != self._stalled:
            self._stalled = stalled
            news = f"the {stalled} thread stands still" if stalled else "all threads turn again"
            logger.warning(news)
        now = time.monotonic()
        period = self._notifier.watchdog_seconds
        if stalled is None and period is not None and now >= self._next:
            self._notifier.watchdog()
            self._next = now + period / 4

    def _find_stalled(self) -> str | None:
        now = time.monotonic()
        if self._server.progress != self._progress:
            self._progress, self._progressed = self._server.progress, now
        if now - self._inference.turned > _INFERENCE_SECONDS:
            return "inference"
        if now - self._progressed > _SOCKET_SECONDS:
            return "socket"
        if now - self._source.turned > AUDIO_SECONDS:
            return "audio"
        return None
