"""What the daemon is doing, as its subscribers see it."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime

from kws.audio.source import Source, SourceStatus
from kws.daemon.faults import Faults
from kws.daemon.mutes import Mutes
from kws.events.messages import StateEvent, StateName, now

logger = logging.getLogger(__name__)

STUCK_SECONDS = 5.0
"""A call into the audio system that takes longer is reported."""


class StateTracker:
    """Turns what the source says, and who asked for silence, into state events.

    Attributes:
        current: the state that was published last.
    """

    def __init__(
        self, source: Source, publish: Callable[[StateEvent], None], faults: Faults
    ) -> None:
        self.current = StateEvent(state="starting", since=now())
        self._source = source
        self._publish = publish
        self._faults = faults
        self._status = SourceStatus("opening")

    def start(self) -> None:
        """Publish the first state."""
        self._publish(self.current)

    def update(self, mutes: Mutes, ended: Collection[str] = ()) -> None:
        """Look at the source, and publish what has changed.

        Args:
            ended: reasons to be mute whose time has just run out.
        """
        status = self._source.status
        if status is not self._status:
            self._status = status
            if status.state == "lost":
                self._faults.report("device_lost", status.reason or "the microphone is gone")
        if self._source.stuck_for > STUCK_SECONDS:
            detail = f"a call into the audio system has been hanging for {STUCK_SECONDS:.0f} s"
            if self.current.state != "device_stuck":
                self._faults.report("device_stuck", detail)
            self.enter("device_stuck", detail, self.current.device)
        elif status.state == "opening":
            self.enter("starting", None, None)
        elif status.state == "lost":
            self.enter("device_lost", status.reason, None)
        elif status.state == "open" and mutes:
            self.enter("muted", ", ".join(mutes.reasons), status.device, mutes.until)
        elif status.state == "open" and (
            (self.current.state, self.current.device) != ("listening", status.device)
        ):
            reason = f"time limit reached: {', '.join(ended)}" if ended else None
            self.enter("listening", reason, status.device)

    def enter(
        self,
        state: StateName,
        reason: str | None,
        device: str | None,
        until: datetime | None = None,
    ) -> None:
        """Publish a state, if it is another than before."""
        before = self.current
        if (state, reason, device, until) == (
            before.state, before.reason, before.device, before.until
        ):  # fmt: skip
            return
        self.current = StateEvent(
            state=state, reason=reason, device=device, until=until, since=now()
        )
        if state in ("listening", "muted"):  # the others come with a fault or an error
            logger.info("%s", ", ".join(filter(None, (state, device, self.current.why))))
        self._publish(self.current)
