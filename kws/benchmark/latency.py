"""From the arrival of a block at the ring to the message at a subscriber.

A thread writes a signal into the ring in real time, in blocks as long as the microphone's, and
notes when each block was written.  Behind it run the real inference loop and the real publisher;
the subscriber is a process of its own.  All clocks are CLOCK_MONOTONIC.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable

import numpy as np

from kws.audio.feed import Feed
from kws.audio.microphone import BLOCK_SECONDS
from kws.audio.source import Chunk, SourceStatus
from kws.benchmark.figures import Latency
from kws.daemon.faults import Faults
from kws.daemon.hearing import Hearing
from kws.daemon.inference import InferenceLoop
from kws.errors import KwsError
from kws.events.messages import (
    DetectionEvent,
    Event,
    HeartbeatEvent,
    PosteriorsEvent,
    decode_event,
)
from kws.events.server.publisher import EventPublisher
from kws.samples import RATE, Samples
from kws.spotting.spotter import Spotter

BLOCK = round(BLOCK_SECONDS * RATE)
_SETTLE_SECONDS = 0.5
"""How long the last event may be on its way."""


class PacedSource:
    """Writes a signal into a ring at the pace of a microphone."""

    def __init__(self, samples: Samples) -> None:
        self.name = "benchmark"
        self.status = SourceStatus("open", device="benchmark", rate=RATE)
        self.clock = "arrival"
        self.stuck_for = 0.0
        self.turned = 0.0
        self.written: dict[int, float] = {}
        """When the block that ends at a sample was about to be written."""
        self._samples = samples
        self._feed = Feed(RATE)
        self._thread = threading.Thread(target=self._play)

    @property
    def backlog(self) -> float:
        return self._feed.backlog

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def read(self, timeout: float) -> Chunk | None:
        return self._feed.read(timeout)

    def stop(self) -> None:
        """Wait for the end of the signal."""
        self._thread.join()

    def _play(self) -> None:
        begin = time.monotonic()
        for end in range(BLOCK, len(self._samples) + 1, BLOCK):
            time.sleep(max(0.0, begin + end / RATE - time.monotonic()))
            now = time.monotonic()
            self.written[end] = now
            self._feed.write(self._samples[end - BLOCK : end], now, 0.0, False)


def measure_latency(spotter: Spotter, samples: Samples, topic: str) -> Latency:
    """Time the events of `topic` (detections or posteriors) while `samples` (N,) are played.

    Takes as long as the signal lasts.

    Raises:
        KwsError: there was no such event.
    """
    source = PacedSource(samples)
    with tempfile.TemporaryDirectory() as folder:
        publisher = EventPublisher(f"ipc://{folder}/events")
        publisher.start(_heartbeat)
        command = [
            sys.executable,
            "-m",
            "kws.benchmark.latency_subscriber",
            publisher.events,
            topic,
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as subscriber:
            assert subscriber.stdout is not None
            subscriber.stdout.readline()  # a heartbeat: the subscription is in force
            heard: list[str] = []
            reader = threading.Thread(target=heard.extend, args=(subscriber.stdout,))
            reader.start()
            try:
                _play(source, spotter, publisher)
            finally:
                publisher.stop()
                subscriber.terminate()
                reader.join()
    return _summary(source.written, heard)


def _play(source: PacedSource, spotter: Spotter, publisher: EventPublisher) -> None:
    faults = Faults(publisher.publish)
    hearing = Hearing(spotter, publisher, faults, on_detection=lambda event: None)
    loop = InferenceLoop(source, hearing, publisher.publish, faults)
    loop.start()
    source.start()
    source.stop()
    time.sleep(_SETTLE_SECONDS)
    loop.stop()


def _summary(written: dict[int, float], lines: Iterable[str]) -> Latency:
    """From the lines of the subscriber: time of arrival, event."""
    delays = []
    for line in lines:
        when, _, body = line.partition(" ")
        position = _decided_at(decode_event(body.encode()))
        if position is not None:
            deciding = -(-position // BLOCK) * BLOCK
            delays.append(1000 * (float(when) - written[deciding]))
    if not delays:
        raise KwsError("no event came through: nothing was heard in the signal")
    median, p90, p99, worst = np.percentile(delays, [50, 90, 99, 100]).round(3).tolist()
    return Latency(len(delays), median, p90, p99, worst)


def _decided_at(event: Event) -> int | None:
    """The sample that an event had to wait for."""
    if isinstance(event, DetectionEvent):
        return event.fired
    return event.position if isinstance(event, PosteriorsEvent) else None


def _heartbeat() -> HeartbeatEvent:
    return HeartbeatEvent(state="listening", uptime=0.0, samples=0)
