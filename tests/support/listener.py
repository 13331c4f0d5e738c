"""`kws listen` as a process of its own, with somebody who hears all its events."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import soundfile
import zmq

from kws.events.messages import (
    DetectionEvent,
    ErrorEvent,
    Event,
    HeartbeatEvent,
    StateEvent,
    decode_event,
)

KWS = str(Path(sys.executable).with_name("kws"))
DEADLINE = 90.0

Some = TypeVar("Some")


def patched(statement: str) -> tuple[str, ...]:
    """A daemon that carries out `statement` first; takes flags as ``--name value`` only."""
    program = (
        "import json, sys; from kws.daemon.signals import block_signals; block_signals(); "
        "from kws.daemon.__main__ import main; "
        f"{statement}; "
        "flags = {name[2:]: value for name, value in zip(sys.argv[1::2], sys.argv[2::2])}; "
        "main(json.dumps({'flags': flags}))"
    )
    return (sys.executable, "-c", program)


def wait_for(what: str, condition: Callable[[], Some | None], deadline: float = DEADLINE) -> Some:
    """Poll until `condition` gives something; fail after `deadline` seconds."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {deadline:.0f} s")


class Hearer:
    """Subscribes to everything and keeps it, in a thread."""

    def __init__(self, endpoint: str) -> None:
        self.events: list[Event] = []
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.subscribe("kws/detection/")
        self._socket.subscribe("kws/state/")
        self._socket.subscribe("kws/error/")
        self._socket.subscribe("kws/heartbeat/")
        self._socket.connect(endpoint)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._socket.poll(100):
                self.events.append(decode_event(self._socket.recv_multipart()[1]))

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._context.destroy(linger=0)

    def of(self, kind: type[Some]) -> list[Some]:
        """All events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def states(self) -> list[str]:
        return [event.state for event in self.of(StateEvent)]

    def errors(self) -> list[str]:
        return [event.code for event in self.of(ErrorEvent)]

    def detections(self) -> list[DetectionEvent]:
        return self.of(DetectionEvent)


class Listener:
    """A running daemon with sockets in `folder`, its log and its events."""

    def __init__(
        self,
        folder: Path,
        *arguments: str | Path,
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
        before_exec: Callable[[], None] | None = None,
        program: Sequence[str] = (KWS, "listen"),
    ) -> None:
        self.events = f"ipc://{folder}/events"
        self.control = f"ipc://{folder}/control"
        self.log: list[str] = []
        self.process = subprocess.Popen(
            [*program, "--events", self.events, "--control", self.control, *map(str, arguments)],
            env={**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
            | dict(environment or {}),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=before_exec,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.hearer = Hearer(self.events)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.hearer.close()
        if error is not None:
            sys.stderr.write("\n".join(["", *self.log[-40:], ""]))

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.decode().rstrip())

    def wait_state(self, *states: str, after: int = 0) -> int:
        """Wait until these states were told in this order, from the event number `after` on.

        A heartbeat tells the state as well, to those who subscribe too late for its own event.

        Returns:
            the number of events up to and including the last of them.
        """

        def find() -> int | None:
            wanted = list(states)
            for index, event in enumerate(self.hearer.events[after:], after):
                if isinstance(event, (StateEvent, HeartbeatEvent)) and event.state == wanted[0]:
                    wanted.pop(0)
                    if not wanted:
                        return index + 1
            return None

        return wait_for(f"state {states}", find)

    def wait_log(self, text: str) -> str:
        """Wait for a line of the log that contains `text`."""
        return wait_for(
            f"{text!r} in the log", lambda: next((x for x in self.log if text in x), None)
        )

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        """One request over the control socket."""
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = context.socket(zmq.REQ)
        socket.linger = 0
        socket.connect(self.control)
        try:
            socket.send(msgspec.json.encode({"request": request, **fields}))
            assert socket.poll(int(1000 * DEADLINE)), f"no answer to {request}"
            reply: dict[str, Any] = msgspec.json.decode(socket.recv())
            return reply
        finally:
            context.destroy(linger=0)

    def stop(self, number: int) -> int:
        """Send a signal, wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE)


Start = Callable[..., Listener]


def feed(daemon: Listener, recording: Path) -> threading.Thread:
    """Play a recording over and over into the daemon's stdin."""
    samples, _ = soundfile.read(recording, dtype="int16")

    def play() -> None:
        assert daemon.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            while True:
                daemon.process.stdin.write(samples.tobytes())

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    return thread


def replayed(recording: Path, model: Path) -> list[tuple[str, int, float]]:
    """What `kws replay` finds: keyword, fired, score."""
    result = subprocess.run(
        [KWS, "replay", "--json", "--model", str(model), str(recording)],
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    lines = map(json.loads, result.stdout.splitlines())
    return [(line["keyword"], line["fired"], line["score"]) for line in lines]
