"""The inference thread: from the source to the hearing, and what other threads ask in between."""

import threading
import time
from collections.abc import Callable

from kws.audio.source import Chunk, Source
from kws.daemon.actions import PATIENCE_SECONDS, Actions, Result
from kws.daemon.containment import contained
from kws.daemon.faults import Faults
from kws.daemon.hearing import Hearing
from kws.daemon.mutes import Mutes
from kws.daemon.state import StateTracker
from kws.errors import KwsError
from kws.events.messages import StateEvent
from kws.events.requests import Muting

_TURN_SECONDS = 0.1
_STOP_SECONDS = 5.0
_MOST_DEFECTS = 25
"""Two seconds of sound that could not be analysed: a restart may help, going on does not."""


class InferenceLoop:
    """Owns the hearing.

    Attributes:
        hearing: what the chunks go to; only its counters are for other threads.
        turned: `time.monotonic` of the last turn of the loop.
        finished: the source has ended and all of it was heard.
    """

    def __init__(
        self,
        source: Source,
        hearing: Hearing,
        publish: Callable[[StateEvent], None],
        faults: Faults,
    ) -> None:
        self.hearing = hearing
        self.turned = time.monotonic()
        self.finished = False
        self.state = StateTracker(source, publish, faults)
        self._source = source
        self._faults = faults
        self._defects = 0
        """Chunks in a row whose analysis met one."""
        self._mutes = Mutes()
        self._actions = Actions()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kws-inference", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        self.state.start()
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the chunk that it is busy with."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def perform(self, action: Callable[[], Result], patience: float = PATIENCE_SECONDS) -> Result:
        """Have `action` carried out between two chunks; see `Actions.perform`.  For any thread."""
        if self._stopping.is_set():
            raise KwsError("the daemon is stopping")
        return self._actions.perform(action, patience)

    def mute(self, reason: str, seconds: float | None = None) -> Muting:
        """Stop the analysis, for so long or until `unmute`; gives what is in force.  For `perform`.

        Raises:
            KwsError: there are too many reasons already.
        """
        self._mutes.add(reason, seconds)
        return self._mutes.muting()

    def unmute(self, reason: str | None) -> Muting:
        """Withdraw a reason, or all; gives what remains.  For `perform`."""
        self._mutes.withdraw(reason)
        self._heed_unmute()
        return self._mutes.muting()

    def reset(self) -> int:
        """Set the hidden state back; gives the position.  For `perform`."""
        self.hearing.reset("request")
        return self.hearing.position

    def _run(self) -> None:
        while not (self._stopping.is_set() or self.finished):
            self._actions.carry_out()
            ended = self._mutes.expire()
            self._heed_unmute()
            chunk = self._source.read(_TURN_SECONDS)
            self.state.update(self._mutes, ended)
            if chunk is not None:
                self._take_safely(chunk)
            elif self._source.status.state in ("ended", "failed"):
                if not self._mutes:
                    self.hearing.finish()
                self.finished = True
            self.turned = time.monotonic()

    def _take_safely(self, chunk: Chunk) -> None:
        """A defect costs this chunk; one in each of many chunks ends the daemon."""
        try:
            with contained("the analysis"):
                self._take(chunk)
        except KwsError as error:
            self._defects += 1
            if self._defects == _MOST_DEFECTS:
                raise
            self._faults.report("defect", str(error))
            self.hearing.reset("defect")
        else:
            self._defects = 0

    def _take(self, chunk: Chunk) -> None:
        if self._mutes:
            self.hearing.skip(chunk)
        else:
            self.hearing.hear(chunk)

    def _heed_unmute(self) -> None:
        if not self._mutes:
            self.hearing.resume()
