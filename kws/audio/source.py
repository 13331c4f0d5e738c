"""What every live source of audio looks like to the daemon."""

from dataclasses import dataclass
from typing import Literal, Protocol

from kws.errors import KwsError
from kws.samples import Samples


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some samples, and what there is to know about how they came."""

    samples: Samples
    """(N,) mono float32 at 16 kHz; N may be 0 while a resampler fills."""
    captured: float | None = None
    """`time.monotonic` at which the last of them was sound, at the latest; None where time plays
    no part."""
    lost: int = 0
    """Samples at 16 kHz known to be missing just before these."""
    overflow: bool = False
    """Whether the device says that it lost some, without saying how many."""
    stream: int = 0
    """How often the device has been opened again."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """What a source is doing.  A new object for every change."""

    state: Literal["opening", "open", "lost", "ended", "failed"]
    """``ended``: no more samples will come; ``failed``: neither, because of `error`."""
    reason: str | None = None
    """Why it is lost, for a person."""
    device: str | None = None
    """Name of the device that is open."""
    rate: int | None = None
    """Samples per second of the device."""
    error: KwsError | None = None
    """Why it failed, or why nothing could be opened."""


class Source(Protocol):
    """Where the daemon hears from.  `read` belongs to one thread, all else to any.

    What every source promises (tests/audio/test_source_contract.py holds all of them to it):

    - Before `start` it is ``opening``, and `read` gives None.
    - Chunks are mono float32 at 16 kHz, in order, and none is given twice.  `captured` is never in
      the future, and None exactly where `clock` is ``none``; `stream` never goes back.
    - `backlog` is what `read` has not given yet: never below 0, and 0 once all has been read.
    - It is ``ended`` or ``failed`` only when all samples have been read, and stays so.  A source
      that was stopped before that is neither.
    - `stop` may be called at any time and again, also before `start`; its thread then ends.
    """

    name: str
    """``microphone``, the path of a file, or ``-``."""

    @property
    def status(self) -> SourceStatus:
        """What it is doing."""

    @property
    def clock(self) -> str:
        """What `Chunk.captured` rests on: ``adc``, ``arrival`` or ``none``."""

    @property
    def backlog(self) -> float:
        """Seconds of audio that wait for `read`."""

    @property
    def stuck_for(self) -> float:
        """Seconds that a call into the audio system has been hanging; 0 when all is well."""

    @property
    def turned(self) -> float:
        """`time.monotonic` when the thread that brings the samples last showed progress."""

    @property
    def alive(self) -> bool:
        """Whether the thread that brings the samples runs, or has ended and said so."""

    def start(self) -> None:
        """Begin to bring samples, in a thread of its own."""

    def read(self, timeout: float) -> Chunk | None:
        """The next samples, about 0.1 s at most; None when none came within `timeout` seconds."""

    def stop(self) -> None:
        """End the thread, waiting a few seconds for it at most."""
