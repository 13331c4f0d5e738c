"""A day of audio through one daemon: does it grow, drift or lose a message?

    python -m benchmarks.soak [--model NAME|DIR] [--hours 24] [--hour-seconds 3600]

Pipes raw samples into ``kws listen --source - --no-pace``: an hour of shuffled speech and noise at
changing levels, at the end of each the same 50 s of commands.  Reports RssAnon after every hour,
how far the scores of the last 20 s moved, and holes in the sequence numbers.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import zmq

from kws.benchmark.memory import memory
from kws.events.messages import DetectionEvent, Event, HeartbeatEvent, decode_event

RATE = 16000
RECORDING = Path(__file__).parents[1] / "examples" / "recording" / "commands.flac"
KWS = Path(sys.executable).with_name("kws")
LEAD_SECONDS, CLIP_SECONDS = 30, 20
LEAD_START_SECONDS = 100
ROW = 640
"""Hours are whole rows, so that the clip always lies the same way against the frames."""


@dataclass
class Findings:
    """What the soak has shown."""

    resident: list[float] = field(default_factory=list)
    """RssAnon in MB of 10^6 bytes after each hour."""
    scores: list[list[tuple[str, int, float]]] = field(default_factory=list)
    """Per hour, what was detected in the clip: word, position within the hour, score."""
    holes: int = 0
    """Sequence numbers that never came."""
    detections: int = 0
    seconds: float = 0.0
    """How long it took."""

    def growth(self) -> float:
        """MB from the first hour to the last."""
        return self.resident[-1] - self.resident[0]

    def drift(self) -> float:
        """The largest change of a score against the first hour; infinite if words differ."""
        first, *others = self.scores
        worst = 0.0
        for other in others:
            if [hit[:2] for hit in other] != [hit[:2] for hit in first]:
                return float("inf")
            pairs = zip(first, other, strict=True)
            worst = max([worst, *(abs(a[2] - b[2]) for a, b in pairs)])
        return worst


def hour_of_audio(hour: int, seconds: int, recording: np.ndarray) -> Iterator[bytes]:
    """Raw samples of one hour, in pieces; the last 50 s are the same in every hour."""
    rng = np.random.default_rng(hour)
    left = seconds - LEAD_SECONDS - CLIP_SECONDS
    while left > 0:
        length = min(left, 30)
        start = rng.integers(0, len(recording) - length * RATE)
        gain = 10 ** rng.uniform(-1.5, 0.2)
        piece = recording[start : start + length * RATE] * gain
        piece = piece + rng.normal(0, 10 ** rng.uniform(-4, -2), len(piece))
        yield to_bytes(piece)
        left -= length
    # Speech, so that the clip meets the same hidden state whatever came before.
    lead = LEAD_START_SECONDS * RATE
    yield to_bytes(recording[lead : lead + LEAD_SECONDS * RATE])
    yield to_bytes(recording[: CLIP_SECONDS * RATE])


def to_bytes(samples: np.ndarray) -> bytes:
    scaled: npt.NDArray[np.int16] = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    return scaled.tobytes()


class Hearer(threading.Thread):
    """Takes every event and checks its number."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(daemon=True)
        self.position = 0
        self.joined = threading.Event()
        self.detections: list[DetectionEvent] = []
        self.holes = 0
        self._numbers: dict[str, int] = {}
        self._socket = zmq.Context().socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        for topic in ("kws/detection/", "kws/error/", "kws/state/", "kws/heartbeat/"):
            self._socket.subscribe(topic)
        self._socket.connect(endpoint)

    def run(self) -> None:
        while True:
            self._take(decode_event(self._socket.recv_multipart()[1]))

    def _take(self, event: Event) -> None:
        before = self._numbers.get(event.topic)
        if before is not None:
            self.holes += event.seq - before - 1
        self._numbers[event.topic] = event.seq
        if isinstance(event, HeartbeatEvent):
            self.position = event.samples
            for topic, number in event.seqs.items():
                known = self._numbers.setdefault(topic, number)
                self.holes += max(0, number - known)
            self.joined.set()
        elif isinstance(event, DetectionEvent):
            self.detections.append(event)


def soak(hours: int, hour_seconds: int, model: str | None = None) -> Findings:
    """Run the daemon through it all."""
    assert hour_seconds * RATE % ROW == 0
    recording, _ = soundfile.read(RECORDING, dtype="float32")
    findings = Findings()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        events = f"ipc://{folder}/e"
        command = [str(KWS), "listen", "--source", "-", "--no-pace", "--events", events]
        command += ["--control", f"ipc://{folder}/c", *(["--model", model] if model else [])]
        daemon = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        hearer = Hearer(events)
        hearer.start()
        assert hearer.joined.wait(60), "no heartbeat"
        assert daemon.stdin is not None
        for hour in range(hours):
            for piece in hour_of_audio(hour, hour_seconds, recording):
                daemon.stdin.write(piece)
            daemon.stdin.flush()
            end = (hour + 1) * hour_seconds * RATE
            # What the last pipe and block may still hold is not waited for.
            while hearer.position < end - 4 * RATE:
                time.sleep(0.2)
            findings.resident.append(memory(daemon.pid)["RssAnon"] or 0.0)
        daemon.stdin.close()
        daemon.wait()
        time.sleep(1)
    findings.holes = hearer.holes
    findings.detections = len(hearer.detections)
    findings.seconds = time.monotonic() - begin
    for hour in range(hours):
        end = (hour + 1) * hour_seconds * RATE
        clip = range(end - CLIP_SECONDS * RATE, end)
        hits = [event for event in hearer.detections if event.fired in clip]
        findings.scores.append([(hit.keyword, hit.fired - clip.start, hit.score) for hit in hits])
    return findings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--hour-seconds", type=int, default=3600)
    arguments = parser.parse_args()
    findings = soak(arguments.hours, arguments.hour_seconds, arguments.model)
    print("RssAnon in MB by hour:", " ".join(f"{value:.2f}" for value in findings.resident))
    print(f"growth from the first hour to the last: {findings.growth():+.2f} MB")
    print(f"words in the clip: {[word for word, _, _ in findings.scores[0]]}")
    print(f"largest change of a score: {findings.drift():.6f}")
    print(f"detections: {findings.detections}, holes in the sequence: {findings.holes}")
    audio = arguments.hours * arguments.hour_seconds
    print(f"{audio / 3600:.1f} h of audio in {findings.seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
