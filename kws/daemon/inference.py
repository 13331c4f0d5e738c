"""The inference thread: from the source through the spotter to the events."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kws.audio.health import SignalHealth
from kws.audio.resample import RATE
from kws.audio.source import Chunk, Source
from kws.daemon.actions import PATIENCE_SECONDS, Actions, Result
from kws.daemon.clock import ClockAnchor
from kws.daemon.faults import Faults
from kws.daemon.mutes import Mutes
from kws.daemon.state import StateTracker
from kws.detect.detection import Detection
from kws.errors import KwsError
from kws.events.messages import (
    DetectionEvent,
    Event,
    ModelName,
    PosteriorsEvent,
)
from kws.events.requests import Muting
from kws.spotter import Row, Spotter

if TYPE_CHECKING:
    from kws.daemon.triggers import TriggerRecorder

_TURN_SECONDS = 0.1
_STOP_SECONDS = 5.0
_GAP_REACH = RATE // 2
"""Samples before a word in which a gap makes its bounds doubtful."""


class Publisher(Protocol):
    """What the loop needs of an `EventServer`."""

    subscribed_to_posteriors: bool

    def publish(self, event: Event) -> None:
        """Send an event; never waits."""


class InferenceLoop:
    """Owns the spotter.  Its counters may be read by any thread.

    Attributes:
        turned: `time.monotonic` of the last turn of the loop.
        finished: the source has ended and all of it was heard.
        overruns: times that samples were lost because this thread was late.
        gaps: all interruptions of the audio.
        busy: seconds spent in the spotter.
    """

    def __init__(
        self,
        source: Source,
        spotter: Spotter,
        publisher: Publisher,
        faults: Faults,
        on_detection: Callable[[DetectionEvent], None],
        triggers: "TriggerRecorder | None" = None,
    ) -> None:
        """Args: on_detection: told of every detection on this thread, so it must not wait."""
        self.spotter = spotter
        self.turned = time.monotonic()
        self.finished = False
        self.overruns = self.gaps = 0
        self.busy = 0.0
        self.health = SignalHealth()
        self.state = StateTracker(source, publisher.publish, faults)
        self._source = source
        self._publisher = publisher
        self._faults = faults
        self._on_detection = on_detection
        self._triggers = triggers
        self._clock = ClockAnchor()
        self._stream = 0
        self._gap_at: int | None = None
        self._nonfinite = 0
        self._earlier_resets = 0
        self._mutes = Mutes()
        self._skipped = 0
        self._actions = Actions()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kws-inference", daemon=True)

    @property
    def position(self) -> int:
        """Samples since the start, heard or not."""
        return self.spotter.position + self._skipped

    @property
    def resets(self) -> int:
        """Times that the hidden state was set back."""
        return self._earlier_resets + sum(self.spotter.resets.values())

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def model(self) -> ModelName:
        """The model in use."""
        model = self.spotter.model
        return ModelName(name=model.spec.name, sha256=model.sha256)

    def start(self) -> None:
        self.state.start()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the chunk that it is busy with."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def perform(self, action: Callable[[], Result], patience: float = PATIENCE_SECONDS) -> Result:
        """Have `action` carried out between two chunks; see `Actions.perform`.  For any thread."""
        if self._stopping.is_set():
            raise KwsError("the daemon is stopping")
        return self._actions.perform(action, patience)

    def mute(self, reason: str, seconds: float | None = None) -> Muting:
        """Stop the analysis, for so long or until `unmute`; gives what is in force.  For `perform`.

        Raises:
            KwsError: there are too many reasons already.
        """
        self._mutes.add(reason, seconds)
        return self._mutes.muting()

    def unmute(self, reason: str | None) -> Muting:
        """Withdraw a reason, or all; gives what remains.  For `perform`."""
        self._mutes.withdraw(reason)
        self._heed_unmute()
        return self._mutes.muting()

    def reset(self) -> int:
        """Set the hidden state back; gives the position.  For `perform`."""
        self._reset("request")
        return self.position

    def replace_spotter(self, spotter: Spotter) -> None:
        """Go on with another spotter at the same position.  For `perform`."""
        self._earlier_resets = self.resets
        spotter.reset("reload", advance=self.spotter.position)
        self.spotter = spotter
        self._nonfinite = 0

    def _run(self) -> None:
        while not (self._stopping.is_set() or self.finished):
            self._actions.carry_out()
            ended = self._mutes.expire()
            self._heed_unmute()
            chunk = self._source.read(_TURN_SECONDS)
            self.state.update(self._mutes, ended)
            if chunk is not None:
                self._hear(chunk)
            elif self._source.status.state in ("ended", "failed"):
                self._finish()
            self.turned = time.monotonic()

    def _finish(self) -> None:
        """No more samples will come: let a word at the very end fire, also of a damaged file."""
        if self.spotter.position > self._nonfinite and not self._mutes:
            for detection in self.spotter.flush():
                self._announce(detection)
        self.finished = True

    def _hear(self, chunk: Chunk) -> None:
        self._heed_breaks(chunk)
        if self._mutes:
            self._skipped += len(chunk.samples)
            return
        for finding in self.health.feed(chunk.samples):
            self._faults.report(finding.code, finding.detail)
        if self._triggers is not None:
            self._triggers.hear(chunk.samples)
        wanted = self._publisher.subscribed_to_posteriors
        self.spotter.observer = self._publish_row if wanted else None
        begin = time.perf_counter()
        detections = self.spotter.feed(chunk.samples)
        self.busy += time.perf_counter() - begin
        self._clock.observe(self.position, chunk.captured)
        self._heed_nonfinite()
        for detection in detections:
            self._announce(detection)

    def _heed_breaks(self, chunk: Chunk) -> None:
        """Gaps before a chunk: count them, say so, and start afresh behind those that are sure."""
        if chunk.stream != self._stream:
            self._stream = chunk.stream
            self._clock.restart()
            self.health = SignalHealth()
            self._break("device", 0)
        if chunk.lost:
            self.overruns += 1
            self._break("overrun", chunk.lost)
            self._faults.report("overrun", f"analysis was late: {chunk.lost} samples were lost")
        if chunk.overflow:
            # Some drivers set the flag all the time, so the state must survive it.
            self._clock.restart()
            self._mark_gap()
            self._faults.report("gap", "the device lost samples, it does not say how many")

    def _heed_unmute(self) -> None:
        """Start afresh behind what was skipped, once nothing keeps the daemon mute."""
        if self._skipped and not self._mutes:
            # In this order `position` is too small for a moment, never too large.
            skipped, self._skipped = self._skipped, 0
            self._reset("unmute", skipped)

    def _heed_nonfinite(self) -> None:
        if self.spotter.nonfinite > self._nonfinite:
            count = self.spotter.nonfinite - self._nonfinite
            self._nonfinite = self.spotter.nonfinite
            self._mark_gap()
            self._faults.report("nonfinite", f"{count} samples were NaN, infinite or huge")

    def _break(self, reason: str, lost: int) -> None:
        self._reset(reason, lost)
        self._mark_gap()

    def _reset(self, reason: str, advance: int = 0) -> None:
        self.spotter.reset(reason, advance)
        if self._triggers is not None:
            self._triggers.forget()

    def _mark_gap(self) -> None:
        self.gaps += 1
        self._gap_at = self.position

    def _announce(self, detection: Detection) -> None:
        fired = self._clock.monotonic(detection.fired)
        event = DetectionEvent.of(
            detection,
            self.model,
            stream=self._stream,
            time=self._clock.utc(detection.end),
            lag_ms=None if fired is None else round(1000 * (time.monotonic() - fired), 3),
            gap=self._gap_at is not None and self._gap_at > detection.start - _GAP_REACH,
        )
        self._publisher.publish(event)
        self._on_detection(event)
        if self._triggers is not None:
            self._triggers.save(detection.keyword, detection.fired)

    def _publish_row(self, row: Row) -> None:
        labels = self.spotter.model.spec.labels
        event = PosteriorsEvent(
            position=row.position,
            posteriors=dict(zip(labels, row.posteriors.tolist(), strict=True)),
            scores=dict(zip(self.spotter.keywords, row.scores.tolist(), strict=True)),
            level_dbfs=row.level_dbfs,
        )
        self._publisher.publish(event)
