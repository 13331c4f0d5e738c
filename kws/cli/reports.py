"""What `kws replay` prints: JSON lines for programs, a table for people."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from kws.cli.output import open_console, write_line, writing
from kws.cli.talk import say
from kws.replay.replay import WHOLE, Stretch
from kws.text import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from kws.audio.files import Recording
    from kws.spotting.detection import Detection
    from kws.spotting.spotter import Row, Spotter

_LONG_SECONDS = 120.0
"""Recordings from this length on get a progress bar."""

_NEAR = 1 / 3
"""Share of its threshold from which a score is near it."""


class Report(Protocol):
    """Says what was found in one recording after the other."""

    def recording(self, recording: "Recording") -> Any:
        """Context in which one recording is replayed."""

    def progress(self, recording: "Recording") -> None:
        """Called now and then while `recording` is read."""

    def detection(self, recording: "Recording", detection: "Detection", rate: int) -> None:
        """A word was found; positions count samples of `rate` Hz."""


class JsonReport:
    """One JSON object per detection and line, written at once."""

    @contextmanager
    def recording(self, recording: "Recording") -> Iterator[None]:
        yield

    def progress(self, recording: "Recording") -> None:
        """Programs need none."""

    def detection(self, recording: "Recording", detection: "Detection", rate: int) -> None:
        write_line(
            json.dumps(
                {
                    "file": recording.path,
                    "keyword": detection.keyword,
                    "start": detection.start,
                    "end": detection.end,
                    "fired": detection.fired,
                    "rate": rate,
                    "score": round(detection.score, 4),
                    "threshold": round(detection.threshold, 4),
                    "level_dbfs": round(detection.level_dbfs, 1),
                },
                allow_nan=False,
            )
        )


class TableReport:
    """A table per recording, row by row as words are found, and a line that sums it up."""

    def __init__(self, stretch: Stretch = WHOLE) -> None:
        self._console = open_console(highlight=False, markup=False, soft_wrap=True)
        self._stretch = stretch
        self._found = 0
        self._headed = False
        self._nearest: tuple[str, float, float] | None = None
        self._watched: Spotter | None = None
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def watch(self, spotter: "Spotter") -> None:
        """Look at the scores of the next recording: if no word fires, say how near one came."""
        words, thresholds = spotter.stream.keywords, spotter.stream.thresholds
        rate = spotter.model.spec.features.sample_rate
        limits = [thresholds[word] for word in words]
        best = 0.0
        self._nearest = None

        def see(row: "Row") -> None:
            nonlocal best
            if not self._stretch.holds(row.position / rate):
                return
            # Lists: for so few values numpy takes longer.
            for word, score, limit in zip(words, row.scores.tolist(), limits, strict=True):
                if score > best * limit:
                    best = score / max(limit, 1e-9)
                    self._nearest = (word, score, limit)

        spotter.stream.observer = see
        self._watched = spotter

    @contextmanager
    def recording(self, recording: "Recording") -> Iterator[None]:
        self._found = 0
        began = time.monotonic()
        self._headed = False
        self._start_bar(recording)
        try:
            yield
        finally:
            self._stop_bar()
            if self._headed:
                self._sum_up(recording, time.monotonic() - began)

    def progress(self, recording: "Recording") -> None:
        # A recording that ends before the stretch begins has an error and no table.
        if not self._headed and recording.seconds > self._stretch.start:
            self._print(_printable(recording.path), style="bold")
            self._print(f"  {'start':>11}  {'word':<12} {'score':>5}  {'level':>8}", style="dim")
            self._headed = True
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=recording.seconds)

    def detection(self, recording: "Recording", detection: "Detection", rate: int) -> None:
        self._found += 1
        if self._watched is not None:
            # To look costs a twelfth of a replay, and is of no more use.
            self._watched.stream.observer = None
            self._watched = None
        self._print(
            f"  {clock(detection.start / rate):>11}  {detection.keyword:<12} "
            f"{detection.score:5.2f}  {detection.level_dbfs:3.0f} dBFS"
        )

    def _sum_up(self, recording: "Recording", elapsed: float) -> None:
        words = counted(self._found, "word")
        speed = recording.seconds / max(elapsed, 1e-3)
        sound = f"{clock(recording.seconds)} of sound"
        if self._stretch != WHOLE and self._stretch.start < recording.seconds:
            end = min(self._stretch.end, recording.seconds)
            sound = f"from {clock(self._stretch.start)} to {clock(end)}"
        self._print(
            f"  {sound}, {words}, in {elapsed:.1f} s ({speed:.0f} times real time)", style="dim"
        )
        if not self._found and self._nearest is not None:
            word, score, limit = self._nearest
            text = "  no score came near its threshold"
            if score >= _NEAR * limit:
                text = f"  nearest: {word} {score:.2f}, which fires from {limit:.2f}"
            self._print(text, style="dim")

    def _start_bar(self, recording: "Recording") -> None:
        """Show a progress bar if somebody watches a long recording."""
        watched = all(stream and stream.isatty() for stream in (sys.stdout, sys.stderr))
        if not watched or recording.duration is None or recording.duration < _LONG_SECONDS:
            return
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("listening", total=recording.duration)
        self._bar.start()

    def _stop_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _print(self, line: str, style: str | None = None) -> None:
        with writing():
            self._console.print(line, style=style)
            self._console.file.flush()


def clock(seconds: float) -> str:
    """Seconds as m:ss.mmm, from an hour on h:mm:ss.mmm."""
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60000)
    hours, minutes = divmod(minutes, 60)
    front = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{front}:{rest // 1000:02d}.{rest % 1000:03d}"


def warn_of_nonfinite(recording: "Recording") -> None:
    """One line on stderr if some samples were no numbers."""
    if recording.nonfinite:
        say(
            f"{recording.path}: {recording.nonfinite} samples are NaN, infinite or huge; "
            "listening started afresh behind them"
        )


def _printable(path: str) -> str:
    """A file name that every terminal and encoding can take."""
    return os.fsencode(path).decode(errors="replace")
