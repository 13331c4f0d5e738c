"""A daemon without ears: the real event server, made-up detections.

As a program it publishes detections until it gets SIGTERM:
``python stand_in.py EVENTS CONTROL [--every SECONDS] [--keys DIR]``.
"""

import argparse
import itertools
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self

from kws.daemon.mutes import Mutes
from kws.errors import ConfigError
from kws.events.keys import ServerKeys
from kws.events.messages import DetectionEvent, HeartbeatEvent, ModelName, StateEvent, now
from kws.events.requests import (
    Describe,
    Description,
    HandledRequest,
    KeywordStatus,
    Mute,
    Reload,
    Reloaded,
    Reply,
    Reset,
    ResetDone,
    SetThreshold,
    ThresholdSet,
    Unmute,
)
from kws.events.server.control_desk import Handler
from kws.events.server.server import EventServer
from kws.spotting.detection import Detection

MODEL = ModelName(name="tiny", sha256="0" * 64)
KEYWORDS = ("yes", "no", "on", "one")
DEADLINE = 20.0


def detection(number: int, keyword: str | None = None) -> DetectionEvent:
    """The made-up detection that is heard up to sample ``number`` times 16000."""
    word = keyword or KEYWORDS[number % len(KEYWORDS)]
    fired = 16000 * number
    heard = Detection(word, 0.91234, 0.6, fired - 9000, fired - 1600, fired, -23.4)
    return DetectionEvent.of(heard, MODEL, time=now())


def heartbeat() -> HeartbeatEvent:
    """A heartbeat of a daemon that is well."""
    return HeartbeatEvent(state="listening", uptime=1.5, samples=24000)


class Ears:
    """Carries out requests as a daemon would, on nothing."""

    def __init__(self) -> None:
        self._mutes = Mutes()

    def __call__(self, request: HandledRequest) -> Reply:
        match request:
            case Mute():
                self._mutes.add(request.reason, request.seconds)
                return self._mutes.muting()
            case Unmute():
                self._mutes.withdraw(request.reason)
                return self._mutes.muting()
            case SetThreshold():
                if request.keyword not in KEYWORDS:
                    raise ConfigError(f"no keyword {request.keyword!r}")
                return ThresholdSet(keyword=request.keyword, threshold=request.threshold)
            case Reload():
                return Reloaded(model=MODEL, keywords=[])
            case Reset():
                return ResetDone(position=24000)
            case Describe():
                return Description(
                    version="0", boot="", pid=1, started=now(), source="microphone", device=None,
                    device_rate=None, clock="none", model=MODEL, labels=list(KEYWORDS),
                    keywords=[KeywordStatus(word=word, threshold=0.6) for word in KEYWORDS],
                )  # fmt: skip


def make_server(folder: Path, **options: Any) -> EventServer:
    """A server, not started, on ipc sockets in ``folder`` unless ``options`` say otherwise."""
    events = options.pop("events", f"ipc://{folder / 'events'}")
    control = options.pop("control", f"ipc://{folder / 'control'}")
    return EventServer(events, control, **options)


def start(server: EventServer, handler: Handler | None = None) -> None:
    """Let a server serve requests and heartbeats that are made up."""
    server.serve(handler or Ears(), heartbeat)


class StandIn:
    """The program, running beside the test."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.events = f"ipc://{folder / 'events'}"
        self.control = f"ipc://{folder / 'control'}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, self.events, self.control, *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    @property
    def flags(self) -> list[str]:
        """What a client's command line needs to find it."""
        return ["--events", self.events, "--control", self.control]

    def kill(self) -> None:
        """End it without any chance to clean up."""
        self.process.kill()
        self.process.wait(DEADLINE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE)
        assert self.process.stdout is not None
        self.process.stdout.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("events")
    parser.add_argument("control")
    parser.add_argument("--every", type=float, default=0.05)
    parser.add_argument("--keys", type=Path)
    arguments = parser.parse_args()
    keys = ServerKeys.load(arguments.keys) if arguments.keys else None
    server = EventServer(arguments.events, arguments.control, source="stand-in", keys=keys)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    start(server)
    server.publish(StateEvent(state="listening", device="nothing", since=now()))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in itertools.count(1):
        if stopping.wait(arguments.every):
            break
        server.publish(detection(number))
    server.publish(StateEvent(state="stopped", since=now()))
    server.stop()


if __name__ == "__main__":
    main()
