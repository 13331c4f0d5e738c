"""The daemon: puts the parts together, watches over them, and obeys signals."""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable

from kws.config import ListenConfig
from kws.daemon.actions import PATIENCE_SECONDS
from kws.daemon.assembly import make_server, make_source, make_spotter, make_triggers
from kws.daemon.containment import contained
from kws.daemon.faults import Faults
from kws.daemon.hearing import Hearing
from kws.daemon.inference import InferenceLoop
from kws.daemon.meter import Meter
from kws.daemon.notify import Notifier
from kws.daemon.request_handler import RequestHandler
from kws.daemon.signals import wait_for_signal
from kws.daemon.watchdog import Watchdog
from kws.errors import DeviceStuckError, KwsError
from kws.events.messages import DetectionEvent
from kws.spotting.spotter import Spotter

logger = logging.getLogger(__name__)

GIVE_UP_SECONDS = 30.0
"""A call into the audio system that takes longer ends the daemon."""

_TURN_SECONDS = 0.25
_RELOAD_PATIENCE_SECONDS = 5.0
_STDOUT = 1
_RELOADED = ("model", "words", "threshold", "thresholds")


class Daemon:
    """Listens to one source and serves its events until a signal or the end of the source.

    Attributes:
        server: the sockets; its endpoints are the real ones once `run` has bound them.
        source: what it listens to.
    """

    def __init__(
        self,
        config: ListenConfig,
        read_config: Callable[[], ListenConfig],
        on_detection: Callable[[DetectionEvent], None],
    ) -> None:
        """Load the model, choose the source; nothing is opened yet.

        Args:
            config: what to begin with.
            read_config: reads the configuration again for each reload.
            on_detection: told of every detection on the inference thread, so it must not wait.

        Raises:
            KwsError: configuration or model make no sense.
        """
        self._config = config
        self._read_config = read_config
        self._notifier = Notifier()
        self.source = make_source(config)
        self.server = make_server(config)
        self._faults = Faults(self.server.publish)
        self._triggers = make_triggers(config, self._faults.report)
        hearing = Hearing(
            make_spotter(config), self.server, self._faults, on_detection, self._triggers
        )
        self._inference = InferenceLoop(self.source, hearing, self.server.publish, self._faults)
        self._handler = RequestHandler(self._inference, self.source, self.server.boot, self._reload)
        self._meter = Meter(self._inference, self.source)
        self._watchdog = Watchdog(self.source, self._inference, self.server, self._notifier)
        self._reloading = threading.Lock()
        self._on_terminal = os.isatty(_STDOUT)
        self._status = ""

    def run(self) -> None:
        """Listen.  For the main thread, after `block_signals`.

        Raises:
            KwsError: what ended the daemon, unless it was a signal or the end of a recording.
        """
        self.server.serve(self._handler, self._meter.heartbeat)
        logger.info("events at %s, control at %s", self.server.events, self.server.control)
        reason = "defect"
        try:
            self._notifier.ready()
            self.source.start()
            self._inference.start()
            reason = self._supervise()
            logger.info("stopped: %s", reason)
        except KwsError as error:
            reason = str(error)
            raise
        finally:
            self._shut_down(reason)

    def _supervise(self) -> str:
        """Stay until it is time to stop; gives the reason."""
        while True:
            came = wait_for_signal(_TURN_SECONDS)
            if came is not None and came != signal.SIGHUP:
                return came.name
            if came is not None:
                # The kernel uses the same signal for a terminal that was closed.
                if self._on_terminal and not os.isatty(_STDOUT):
                    return "the terminal was closed"
                self._reload_on_signal()
            if self._inference.finished:
                status = self.source.status
                if status.error is not None:
                    raise status.error
                return status.reason or "the source has ended"
            self._check()
            self._watchdog.turn()
            self._tell_status()

    def _check(self) -> None:
        """Raise for everything that the daemon cannot go on with."""
        if self.source.stuck_for > GIVE_UP_SECONDS:
            raise DeviceStuckError(
                f"a call into the audio system has been hanging for {GIVE_UP_SECONDS:.0f} s: "
                "restart the sound server, or unplug the microphone"
            )
        for name, alive in (
            ("inference", self._inference.alive or self._inference.finished),
            ("socket", self.server.alive),
            ("audio", self.source.alive),
        ):
            if not alive:
                raise KwsError(f"the {name} thread has ended by a defect, its traceback is above")

    def _tell_status(self) -> None:
        state = self._inference.state.current
        status = ", ".join(filter(None, (state.state, state.device, state.why)))
        if status != self._status:
            self._status = status
            self._notifier.status(status)

    def _shut_down(self, reason: str) -> None:
        self._notifier.stopping()
        self.source.stop()
        self._inference.stop()
        if self._triggers is not None:
            self._triggers.stop()
        self._inference.state.enter("stopped", reason, None)
        self.server.stop()

    def _reload_on_signal(self) -> None:
        self._notifier.reloading()
        with contextlib.suppress(KwsError):  # which has been reported
            # Nobody would try again, and no socket waits.
            self._reload(_RELOAD_PATIENCE_SECONDS)
        self._notifier.ready()

    def _reload(self, patience: float = PATIENCE_SECONDS) -> None:
        """Read configuration and model again; the stream goes on.  Main or socket thread.

        Raises `KwsError`, having reported it; what was in force stays in force.
        """
        with self._reloading:
            try:
                with contained("the reload"):
                    config = self._read_config()
                    spotter = make_spotter(config)
                    self._inference.perform(lambda: self._take_over(spotter), patience)
            except KwsError as error:
                self._faults.report("reload_failed", str(error))
                raise
            for field in config.__struct_fields__:
                if field not in _RELOADED and getattr(config, field) != getattr(
                    self._config, field
                ):
                    logger.warning("the new %s takes effect after a restart", field)
            logger.info("reloaded, the model is %s", spotter.model.spec.name)

    def _take_over(self, spotter: Spotter) -> None:
        """Go on with `spotter` and the thresholds that were set by request.  Inference thread."""
        for word, value in self._handler.overrides.items():
            if word in spotter.stream.keywords:
                spotter.stream.set_threshold(word, value)
        self._inference.hearing.replace_spotter(spotter)
