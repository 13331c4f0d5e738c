"""Running a program of the user for every detection."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

from kws.errors import ConfigError
from kws.events.messages import DetectionEvent, encode_event
from kws.threads import ADDED_ENVIRONMENT

_PASSED_ON = (
    "id", "keyword", "score", "threshold", "start", "end", "fired", "rate", "time",
    "latency_ms", "level_dbfs",
)  # fmt: skip


class CommandRunner:
    """Starts a program per detection, without a shell, a few at once and each for a limited time.

    The program finds the detection in its environment (`detection_environment`); its output goes
    to stderr, so that it does not mix with ours.

    Args:
        command: program and arguments, quoted as for a shell.
        at_once: how many may run; a detection that finds no place is dropped and reported.
        seconds: after which the program and its children are killed.
        report: told, in one line, of everything that went wrong.

    Raises `ConfigError` for a command that cannot be started.
    """

    def __init__(
        self, command: str, at_once: int, seconds: float, report: Callable[[str], None]
    ) -> None:
        try:
            self._arguments = shlex.split(command)
        except ValueError as error:
            raise ConfigError(f"--exec {command!r} cannot be split: {error}") from error
        if not self._arguments or shutil.which(self._arguments[0]) is None:
            raise ConfigError(f"--exec {command!r} names no program that can be run")
        self._seconds = seconds
        self._report = report
        self._places = threading.BoundedSemaphore(at_once)
        self._threads: list[threading.Thread] = []

    def start(self, event: DetectionEvent) -> None:
        """Run the program for ``event`` and return at once."""
        if not self._places.acquire(blocking=False):
            self._report(f"dropped '{event.keyword}': too many commands are still running")
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=self._run, args=(event,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def finish(self) -> None:
        """Wait for the programs that still run."""
        for thread in self._threads:
            thread.join()

    def _run(self, event: DetectionEvent) -> None:
        try:
            self._run_program(event)
        finally:
            self._places.release()

    def _run_program(self, event: DetectionEvent) -> None:
        name = self._arguments[0]
        try:
            process = subprocess.Popen(
                self._arguments,
                env=_own_environment() | detection_environment(event),
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr,
                start_new_session=True,
            )
        except OSError as error:
            self._report(f"cannot run {name} for '{event.keyword}': {error.strerror}")
            return
        try:
            code = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self._report(f"killed {name} for '{event.keyword}' after {self._seconds:g} s")
            return
        if code:
            self._report(f"{name} for '{event.keyword}' ended with exit code {code}")


def _own_environment() -> dict[str, str]:
    """What the user started us with."""
    return {name: x for name, x in os.environ.items() if name not in ADDED_ENVIRONMENT}


def detection_environment(event: DetectionEvent) -> dict[str, str]:
    """The variables of a detection: ``KWS_KEYWORD``, ``KWS_SCORE`` ..., all of it ``KWS_JSON``."""
    values = {name: getattr(event, name) for name in _PASSED_ON}
    values["time"] = event.time.isoformat() if event.time else ""
    return {f"KWS_{name.upper()}": str(value) for name, value in values.items()} | {
        "KWS_JSON": encode_event(event).decode()
    }
