"""The figures of the heartbeat."""

import os
import time
from pathlib import Path

from kws.audio.source import Source
from kws.daemon.inference import InferenceLoop
from kws.events.messages import HeartbeatEvent
from kws.samples import RATE, dbfs

_PAGE = os.sysconf("SC_PAGESIZE")
_STATM = Path("/proc/self/statm")
_SILENCE_DBFS = dbfs(0.0)


class Meter:
    """Reads the counters of the inference loop.  For the socket thread."""

    def __init__(self, inference: InferenceLoop, source: Source) -> None:
        self._inference = inference
        self._source = source
        self._started = time.monotonic()
        self._busy = 0.0
        self._position = 0

    def heartbeat(self) -> HeartbeatEvent:
        """How the daemon is doing; the real-time factor is that since the last call."""
        hearing = self._inference.hearing
        # An unmute makes it look smaller for a moment.
        busy, position = hearing.busy, max(self._position, hearing.position)
        seconds = (position - self._position) / RATE
        factor = (busy - self._busy) / seconds if seconds > 0 else 0.0
        state = self._inference.state.current.state
        level = hearing.health.level_dbfs if state == "listening" else _SILENCE_DBFS
        self._busy, self._position = busy, position
        return HeartbeatEvent(
            state=state,
            uptime=round(time.monotonic() - self._started, 3),
            samples=position,
            overruns=hearing.overruns,
            gaps=hearing.gaps,
            resets=hearing.resets,
            real_time_factor=round(factor, 5),
            lag_ms=round(1000 * self._source.backlog, 1),
            level_dbfs=round(level, 1),
            rss=_resident(),
        )


def _resident() -> int:
    """Resident memory in bytes."""
    return int(_STATM.read_text().split()[1]) * _PAGE
