"""A source, a publisher and a loop around them, for tests within one process."""

import queue
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from kws.audio.source import Chunk, SourceStatus
from kws.daemon.faults import Faults
from kws.daemon.hearing import Hearing
from kws.daemon.inference import InferenceLoop
from kws.events.messages import DetectionEvent, ErrorEvent, Event, PosteriorsEvent, StateEvent
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.listener import DEADLINE, wait_for

Result = TypeVar("Result")


class ScriptedSource:
    """Gives the chunks that a test puts in."""

    def __init__(self) -> None:
        self.name = "script"
        self.status = SourceStatus("opening")
        self.clock = "arrival"
        self.stuck_for = 0.0
        self.alive = True
        self.turned = 0.0
        self.chunks: queue.Queue[Chunk] = queue.Queue()

    @property
    def backlog(self) -> float:
        return sum(len(chunk.samples) for chunk in list(self.chunks.queue)) / 16000

    def start(self) -> None:
        self.status = SourceStatus("open", device="script", rate=16000)

    def stop(self) -> None:
        self.alive = False

    def read(self, timeout: float) -> Chunk | None:
        if self.status.state == "opening":
            return None
        try:
            return self.chunks.get(timeout=min(timeout, 0.02))
        except queue.Empty:
            return None

    def play(self, samples: np.ndarray, block: int = 320, **first: object) -> None:
        """Put samples in, block by block; `first` goes into the first chunk."""
        for start in range(0, len(samples), block):
            part = samples[start : start + block].astype(np.float32)
            self.chunks.put(Chunk(part, **first))  # type: ignore[arg-type]
            first = {key: value for key, value in first.items() if key == "stream"}


class Bench:
    """A loop that runs, and all that it publishes."""

    def __init__(self, model: Model, **options: Any) -> None:
        self.subscribed_to_posteriors = False
        self.events: list[Event] = []
        self.source = ScriptedSource()
        self.heard: list[DetectionEvent] = []
        self.faults = Faults(self.events.append)
        self.hearing = Hearing(Spotter(model), self, self.faults, self.heard.append, **options)
        self.loop = InferenceLoop(self.source, self.hearing, self.publish, self.faults)
        self.source.start()
        self.loop.start()

    def publish(self, event: Event) -> None:
        self.events.append(event)

    def settle(self) -> None:
        """Wait until everything that was played has been heard."""
        wait_for("the chunks to be taken", self.source.chunks.empty)
        self.perform(lambda: None)

    def perform(self, action: Callable[[], Result]) -> Result:
        """As a request would, on a machine that may be very busy."""
        return self.loop.perform(action, DEADLINE)

    def play(self, samples: np.ndarray, **first: object) -> None:
        self.source.play(samples, **first)  # type: ignore[arg-type]
        self.settle()

    def states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, StateEvent)]

    def errors(self) -> list[str]:
        return [event.code for event in self.events if isinstance(event, ErrorEvent)]

    def detections(self) -> list[DetectionEvent]:
        return [event for event in self.events if isinstance(event, DetectionEvent)]

    def posteriors(self) -> list[PosteriorsEvent]:
        return [event for event in self.events if isinstance(event, PosteriorsEvent)]


Open = Callable[..., Bench]
