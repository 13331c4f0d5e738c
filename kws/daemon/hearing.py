"""What the daemon makes of the sound: chunks in, events out; knows no thread."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from kws.audio.health import SignalHealth
from kws.audio.source import Chunk
from kws.daemon.clock import ClockAnchor
from kws.daemon.faults import Faults
from kws.events.messages import DetectionEvent, Event, ModelName, PosteriorsEvent
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.spotting.spotter import Row, Spotter

if TYPE_CHECKING:
    from kws.daemon.triggers import TriggerRecorder

_GAP_REACH = RATE // 2
"""Samples before a word in which a gap makes its bounds doubtful."""


class Publisher(Protocol):
    """What is needed of an `EventServer`."""

    subscribed_to_posteriors: bool

    def publish(self, event: Event) -> None:
        """Send an event; never waits."""


class Hearing:
    """The spotter, and what becomes of gaps and detections.

    Its counters may be read by any thread.

    Attributes:
        spotter: what listens.
        overruns: times that samples were lost because nobody took them in time.
        gaps: all interruptions of the audio.
        busy: seconds spent in the spotter.
    """

    def __init__(
        self,
        spotter: Spotter,
        publisher: Publisher,
        faults: Faults,
        on_detection: Callable[[DetectionEvent], None],
        triggers: "TriggerRecorder | None" = None,
    ) -> None:
        """Args: on_detection: told of every detection; it must not wait."""
        self.spotter = spotter
        self.overruns = self.gaps = 0
        self.busy = 0.0
        self.health = SignalHealth()
        self._publisher = publisher
        self._faults = faults
        self._on_detection = on_detection
        self._triggers = triggers
        self._clock = ClockAnchor()
        self._stream = 0
        self._gap_at: int | None = None
        self._nonfinite = 0
        self._earlier_resets = 0
        self._skipped = 0

    @property
    def position(self) -> int:
        """Samples since the start, heard or not."""
        return self.spotter.stream.position + self._skipped

    @property
    def resets(self) -> int:
        """Times that the hidden state was set back."""
        return self._earlier_resets + sum(self.spotter.stream.resets.values())

    @property
    def model(self) -> ModelName:
        """The model in use."""
        model = self.spotter.model
        return ModelName(name=model.spec.name, sha256=model.sha256)

    def reset(self, reason: str, advance: int = 0) -> None:
        """Set the hidden state back, at a gap of `advance` samples if there was one."""
        self.spotter.stream.reset(reason, advance)
        if self._triggers is not None:
            self._triggers.forget()

    def replace_spotter(self, spotter: Spotter) -> None:
        """Go on with another spotter at the same position."""
        self._earlier_resets = self.resets
        spotter.stream.reset("reload", advance=self.spotter.stream.position)
        self.spotter = spotter
        self._nonfinite = 0

    def skip(self, chunk: Chunk) -> None:
        """Let a chunk go by."""
        self._heed_breaks(chunk)
        self._skipped += len(chunk.samples)

    def resume(self) -> None:
        """Start from a fresh state behind what was skipped, if anything was."""
        if self._skipped:
            # In this order `position` is too small for a moment, never too large.
            skipped, self._skipped = self._skipped, 0
            self.reset("unmute", skipped)

    def hear(self, chunk: Chunk) -> None:
        """Listen to a chunk, and publish what was heard in it."""
        self._heed_breaks(chunk)
        for finding in self.health.feed(chunk.samples):
            self._faults.report(finding.code, finding.detail)
        if self._triggers is not None:
            self._triggers.hear(chunk.samples)
        wanted = self._publisher.subscribed_to_posteriors
        self.spotter.stream.observer = self._publish_row if wanted else None
        begin = time.perf_counter()
        detections = self.spotter.feed(chunk.samples)
        self.busy += time.perf_counter() - begin
        self._clock.observe(self.position, chunk.captured)
        self._heed_nonfinite()
        for detection in detections:
            self._announce(detection)

    def finish(self) -> None:
        """No more samples will come: let a word at the very end fire, also of a damaged file."""
        if self.spotter.stream.position > self._nonfinite:
            for detection in self.spotter.flush():
                self._announce(detection)

    def _heed_breaks(self, chunk: Chunk) -> None:
        """Count and report gaps before a chunk; reset the state behind those that are certain."""
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

    def _heed_nonfinite(self) -> None:
        if self.spotter.stream.nonfinite > self._nonfinite:
            count = self.spotter.stream.nonfinite - self._nonfinite
            self._nonfinite = self.spotter.stream.nonfinite
            self._mark_gap()
            self._faults.report("nonfinite", f"{count} samples were NaN, infinite or huge")

    def _break(self, reason: str, lost: int) -> None:
        self.reset(reason, lost)
        self._mark_gap()

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
            scores=dict(zip(self.spotter.stream.keywords, row.scores.tolist(), strict=True)),
            level_dbfs=row.level_dbfs,
        )
        self._publisher.publish(event)
