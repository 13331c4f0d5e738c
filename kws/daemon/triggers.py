"""Keeps the audio of detections, for looking into false alarms."""

import contextlib
import io
import os
import queue
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from kws.errors import OutputError
from kws.samples import RATE, Samples

KEPT_SECONDS = 1.5
_WAITING = 16
_PATIENCE_SECONDS = 3.0
_SUFFIX = ".trigger.flac"


class TriggerRecorder:
    """Writes what was heard before each detection to a folder, as FLAC.

    A thread of its own writes, so that a slow or full disk costs recordings, never detections.
    The files are readable by their owner only; the oldest go when `limit` bytes are exceeded.
    `hear`, `forget` and `save` are for the inference thread.
    """

    def __init__(self, folder: Path, limit: int, report: Callable[[str, str], None]) -> None:
        """Make the folder.

        Args:
            limit: bytes that all recordings together may take.
            report: told of faults, with a code and a line of text.

        Raises:
            OutputError: the folder cannot be made or written to.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make {folder}: {error.strerror}") from error
        status = folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise OutputError(
                f"{folder} belongs to, or can be written by, somebody else, who could read or "
                f"replace what was said: run `chmod go-w {folder}`, or name another folder"
            )
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(f"cannot write to {folder}: permission denied")
        self._folder = folder
        self._limit = limit
        self._report = report
        self._heard: deque[Samples] = deque()
        self._length = 0
        self._jobs: queue.Queue[tuple[str, Samples] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="kws-triggers", daemon=True)
        self._thread.start()

    def hear(self, samples: Samples) -> None:
        """Remember samples (N,) at 16 kHz, for a while."""
        self._heard.append(samples)
        self._length += len(samples)
        while self._length - len(self._heard[0]) >= KEPT_SECONDS * RATE:
            self._length -= len(self._heard.popleft())

    def forget(self) -> None:
        """What comes next does not follow what was heard."""
        self._heard.clear()
        self._length = 0

    def save(self, keyword: str, position: int) -> None:
        """Have the last 1.5 s written, or what there is of them; never waits."""
        if not self._heard:
            return
        samples = np.nan_to_num(np.concatenate(self._heard)[-int(KEPT_SECONDS * RATE) :])
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        word = "".join(letter if letter.isalnum() else "-" for letter in keyword)
        try:
            self._jobs.put_nowait((f"{now}_{position:012d}_{word}{_SUFFIX}", samples))
        except queue.Full:
            self._report("save_failed", f"{self._folder} is too slow: a recording was dropped")

    def stop(self) -> None:
        """Write what is waiting, within a few seconds."""
        with contextlib.suppress(queue.Full):
            self._jobs.put(None, timeout=_PATIENCE_SECONDS)
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            name, samples = job
            try:
                self._write(self._folder / name, samples)
                self._make_room()
            except OSError as error:
                # The name of the file has the word in it, which may be none of the log's business.
                detail = f"cannot keep a recording in {self._folder}: {error.strerror}"
                self._report("save_failed", detail)

    def _write(self, path: Path, samples: Samples) -> None:
        encoded = io.BytesIO()
        soundfile.write(encoded, samples, RATE, format="FLAC", subtype="PCM_16")
        partial = path.with_suffix(".part")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(encoded.getvalue())
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)

    def _make_room(self) -> None:
        files = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):  # somebody else may tidy up, too
                files.append((path.stat(), path))
        total = sum(status.st_size for status, _ in files)
        for status, path in sorted(files, key=lambda entry: entry[0].st_mtime_ns):
            if total <= self._limit:
                return
            path.unlink(missing_ok=True)
            total -= status.st_size
