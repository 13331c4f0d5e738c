"""`kws replay --publish`: what is found in recordings goes out as events, too."""

import os
import time
from typing import Any, Self

from kws.audio.files import Recording
from kws.cli.reports import Report
from kws.cli.talk import say
from kws.events.messages import DetectionEvent, HeartbeatEvent, ModelName, StateEvent, now
from kws.events.server.publisher import EventPublisher
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.spotting.model import Model


class PublishingReport:
    """A report that also publishes, once somebody has subscribed.

    The events are those of the daemon; their `source` is the recording, and their time is null.
    A replay takes no requests.
    """

    def __init__(self, report: Report, endpoint: str, model: Model) -> None:
        """Raises `EndpointError` for an endpoint that makes no sense or is open to the world."""
        self._report = report
        self._model = ModelName(name=model.spec.name, sha256=model.sha256)
        self._publisher = EventPublisher(endpoint)
        self._began = time.monotonic()
        self._samples = 0

    def __enter__(self) -> Self:
        self._publisher.start(self._heartbeat)
        say(f"waiting for a subscriber at {self._publisher.events}")
        self._publisher.joined.wait()
        self._publisher.publish(StateEvent(state="listening", reason="replay", since=now()))
        return self

    def __exit__(self, *_exception: object) -> None:
        self._publisher.publish(StateEvent(state="stopped", reason="replay ended", since=now()))
        self._publisher.stop()

    def recording(self, recording: Recording) -> Any:
        """Context in which one recording is replayed."""
        return self._report.recording(recording)

    def progress(self, recording: Recording) -> None:
        """Called now and then while `recording` is read."""
        self._samples = int(recording.seconds * RATE)
        self._report.progress(recording)

    def detection(self, recording: Recording, detection: Detection, rate: int) -> None:
        """A word was found; positions count samples of `rate` Hz."""
        source = os.fsencode(recording.path).decode(errors="replace")
        event = DetectionEvent.of(detection, self._model, rate=rate, source=source)
        self._publisher.publish(event)
        self._report.detection(recording, detection, rate)

    def _heartbeat(self) -> HeartbeatEvent:
        uptime = time.monotonic() - self._began
        return HeartbeatEvent(state="listening", uptime=uptime, samples=self._samples)
