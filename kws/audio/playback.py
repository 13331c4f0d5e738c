"""A recording, or what comes through standard input, in place of a microphone."""

import queue
import threading
import time

from kws.audio.files import STDIN, Recording, open_recording
from kws.audio.source import Chunk, SourceStatus
from kws.errors import AudioFileError
from kws.samples import RATE, Samples

_WAITING_BLOCKS = 20
_PATIENCE = 0.1
_PACED_BLOCK = 320


class Playback:
    """Plays a recording to the daemon: in real time, or as fast as the daemon can listen.

    Standard input sets its own pace, like ``arecord``; when the daemon is late the writer waits.
    The samples are those of `kws.audio.files.Recording`.
    """

    def __init__(self, path: str, pace: bool = True, channel: int | None = None) -> None:
        """Args: pace: whether time plays a part; without, no event has a time of day."""
        self.name = path
        self.clock = "arrival" if pace else "none"
        self.stuck_for = 0.0
        self.status = SourceStatus("opening")
        self._pace = pace
        self._channel = channel
        self._blocks: queue.Queue[tuple[Samples, float]] = queue.Queue(_WAITING_BLOCKS)
        # Samples, each counted by one thread alone.
        self._brought = self._taken = 0
        self._end: SourceStatus | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._play, name="kws-playback", daemon=True)

    @property
    def backlog(self) -> float:
        return (self._brought - self._taken) / RATE

    @property
    def turned(self) -> float:
        return time.monotonic()  # a pipe may be silent for as long as it likes

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() or self._end is not None

    def start(self) -> None:
        self._thread.start()

    def read(self, timeout: float) -> Chunk | None:
        end = self._end
        try:
            samples, arrived = self._blocks.get(timeout=0 if end else timeout)
        except queue.Empty:
            # `end` was set after the last block: now all of them have been taken.
            self.status = end or self.status
            return None
        self._taken += len(samples)
        return Chunk(samples, captured=arrived if self._pace else None)

    def stop(self) -> None:
        self._stopping.set()
        # A read from a silent pipe cannot be ended: that thread is left to the end of the process.
        if self._thread.ident is not None:
            self._thread.join(5 * _PATIENCE)

    def _play(self) -> None:
        try:
            block = _PACED_BLOCK if self._pace else None
            with open_recording(self.name, self._channel, block) as recording:
                self.status = SourceStatus("open", device=self.name, rate=recording.rate)
                self._deliver(recording)
            # Whoever stopped it early must not hear that the recording was over.
            if not self._stopping.is_set():
                self._end = SourceStatus("ended", reason="the recording has ended")
        except AudioFileError as error:
            self._end = SourceStatus("failed", reason=str(error), error=error)

    def _deliver(self, recording: Recording) -> None:
        start = time.monotonic()
        for samples in recording:
            if self._pace and self.name != STDIN:
                due = start + recording.seconds
                if self._stopping.wait(max(0.0, due - time.monotonic())):
                    return
            self._brought += len(samples)
            while not self._stopping.is_set():
                try:
                    self._blocks.put((samples, time.monotonic()), timeout=_PATIENCE)
                    break
                except queue.Full:
                    continue
