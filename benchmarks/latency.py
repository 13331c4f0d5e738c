"""From the arrival of the deciding block at the ring to the message at a local subscriber.

    python benchmarks/latency.py [--model NAME|DIR] [--recording FILE] [--rounds N]

A thread writes a recording into the ring in real time, in blocks as long as the microphone's, and
notes when each block was written.  Behind it run the real inference loop and the real event server;
the subscriber is a process of its own.  All clocks are CLOCK_MONOTONIC.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

from kws.audio.feed import Feed
from kws.audio.microphone import BLOCK_SECONDS
from kws.audio.source import Chunk, SourceStatus
from kws.daemon.faults import Faults
from kws.daemon.inference import InferenceLoop
from kws.events.messages import HeartbeatEvent
from kws.events.server import EventServer
from kws.spotter import Spotter

RATE = 16000
BLOCK = round(BLOCK_SECONDS * RATE)
RECORDING = Path(__file__).parents[1] / "examples" / "recording" / "commands.flac"
SUBSCRIBER = """
import json, sys, time, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.subscribe("kws/detection/")
socket.subscribe("kws/heartbeat/")
socket.connect(sys.argv[1])
while True:
    topic, body = socket.recv_multipart()
    print(time.monotonic(), body.decode(), flush=True)
"""


class RecordedMicrophone:
    """Writes a recording into a ring at the pace of a microphone."""

    def __init__(self, samples: np.ndarray) -> None:
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
        self._thread.join()

    def _play(self) -> None:
        begin = time.monotonic()
        for end in range(BLOCK, len(self._samples) + 1, BLOCK):
            time.sleep(max(0.0, begin + end / RATE - time.monotonic()))
            now = time.monotonic()
            self.written[end] = now
            self._feed.write(self._samples[end - BLOCK : end], now, 0.0, False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--recording", type=Path, default=RECORDING)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    samples, rate = soundfile.read(arguments.recording, dtype="float32")
    assert rate == RATE, "a recording at 16 kHz is needed"
    source = RecordedMicrophone(np.tile(samples, arguments.rounds))
    with tempfile.TemporaryDirectory() as folder:
        server = EventServer(
            f"ipc://{folder}/e",
            f"ipc://{folder}/c",
            handler=lambda request: (_ for _ in ()).throw(NotImplementedError),
            heartbeat=lambda: HeartbeatEvent(state="listening", uptime=0.0, samples=0),
        )
        server.start()
        subscriber = subprocess.Popen(
            [sys.executable, "-c", SUBSCRIBER, server.events], stdout=subprocess.PIPE, text=True
        )
        assert subscriber.stdout is not None
        subscriber.stdout.readline()  # a heartbeat: the subscription is in force
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.extend(subscriber.stdout or ()))
        reader.start()
        faults = Faults(server.publish)
        loop = InferenceLoop(source, Spotter(arguments.model), server, faults, lambda event: None)
        loop.start()
        source.start()
        source.stop()
        time.sleep(1)
        loop.stop()
        server.stop()
        subscriber.terminate()
        reader.join()
        report(source.written, heard)


def report(written: dict[int, float], heard: list[str]) -> None:
    """Print how long the detections took."""
    delays = []
    for line in heard:
        when, _, body = line.partition(" ")
        event = json.loads(body)
        if event["type"] == "detection":
            deciding = -(-event["fired"] // BLOCK) * BLOCK
            delays.append(1000 * (float(when) - written[deciding]))
    quantiles = np.percentile(delays, [50, 90, 99, 100])
    print(f"{len(delays)} detections, ring to subscriber in ms:")
    print("median {:.2f}   90 % {:.2f}   99 % {:.2f}   worst {:.2f}".format(*quantiles))


if __name__ == "__main__":
    main()
