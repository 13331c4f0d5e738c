"""Keeps a microphone open: one thread for all that is asked of PortAudio."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

from kws.audio.devices import choose_device
from kws.audio.microphone import Microphone, PortAudio
from kws.audio.source import Chunk, SourceStatus
from kws.errors import DeviceError, PortAudioMissingError

_STOP_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_WATCH_SECONDS = 0.5
_START_WATCH_SECONDS = 0.05
# A sound server may take two seconds to deliver the first block.
_START_SECONDS = 6.0
_WINDOW_SECONDS = 2.0
_SLOWEST_RATE = 0.5


class RateWatch:
    """Tells when a device delivers less than half of what it should."""

    def __init__(self, rate: int, now: float) -> None:
        """Args: rate: samples per second expected; now: `time.monotonic` of the opening."""
        self._enough = _SLOWEST_RATE * _WINDOW_SECONDS * rate
        self._count = 0
        self._until = now + _START_SECONDS

    def fails(self, written: int, now: float) -> bool:
        """Whether a whole window brought too few, given all samples `written` until `now`."""
        if written and not self._count:
            self._begin(written, now)
        if now < self._until:
            return False
        too_few = written - self._count < self._enough
        self._begin(written, now)
        return too_few

    def _begin(self, written: int, now: float) -> None:
        self._count = written
        self._until = now + _WINDOW_SECONDS


class MicrophoneSource:
    """The microphone as a source that comes back by itself.

    The thread opens the device, watches whether samples keep coming at the rate they should (a
    device that was unplugged may just fall silent, without an error), and when they do not closes
    everything and tries again with growing pauses.  A device that was asked for is taken back when
    it returns, and never replaced by another; the default is whatever the default is by then.

    Any call into PortAudio may hang: `stuck_for` says for how long one has.
    """

    def __init__(
        self,
        device: str | int | None = None,
        channel: int = 1,
        patient: bool = True,
        host: Callable[[], PortAudio] = PortAudio,
    ) -> None:
        """Choose the device; nothing is opened yet.

        Args:
            device: name, part of a name, or index; None for the default one.
            channel: the one to take, from 1.
            patient: whether to wait for a microphone when there is none at the start; one that
                was lost later is always waited for.
        """
        self.name = "microphone"
        self.status = SourceStatus("opening")
        self.turned = time.monotonic()
        self._wanted = device
        self._index = device if isinstance(device, int) else None
        self._channel = channel
        self._patient = patient
        self._host = host
        self._microphone: Microphone | None = None
        self._streams = 0
        self._calling_since: float | None = None
        self._opened = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kws-microphone", daemon=True)

    @property
    def clock(self) -> str:
        microphone = self._microphone
        return microphone.feed.clock if microphone else "arrival"

    @property
    def backlog(self) -> float:
        microphone = self._microphone
        return microphone.feed.backlog if microphone else 0.0

    @property
    def stuck_for(self) -> float:
        since = self._calling_since
        return 0.0 if since is None else time.monotonic() - since

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() or self.status.state == "failed"

    def start(self) -> None:
        self._thread.start()

    def read(self, timeout: float) -> Chunk | None:
        microphone = self._microphone
        if microphone is None:
            self._opened.wait(timeout)
            return None
        return microphone.feed.read(timeout)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with self._portaudio() as portaudio:
                    if self._record(portaudio):
                        pause = _FIRST_PAUSE
            except PortAudioMissingError as error:
                self.status = SourceStatus("failed", reason=str(error), error=error)
            except DeviceError as error:
                self._lose(error)
            if self.status.state == "failed":
                return
            self._stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _record(self, portaudio: PortAudio) -> bool:
        """Open the device and watch it until it fails or `stop`; gives whether it ever spoke."""
        with self._call():
            device = choose_device(portaudio.devices(), self._wanted, self._index)
        # An index may belong to another device after the next initialisation, a name does not.
        if isinstance(self._wanted, int):
            self._wanted = device.lasting_name
        with self._call():
            microphone = portaudio.open(device, self._channel, self._streams)
        try:
            return self._watch(microphone)
        finally:
            self._microphone = None
            self._opened.clear()
            with self._call():
                microphone.close()

    def _watch(self, microphone: Microphone) -> bool:
        """Stay until `microphone` fails to deliver, or `stop`; gives whether it ever delivered."""
        watch = RateWatch(microphone.rate, time.monotonic())
        name = microphone.device.name
        self._microphone = microphone
        self._opened.set()
        written = 0
        while not self._stopping.wait(_WATCH_SECONDS if written else _START_WATCH_SECONDS):
            written = microphone.feed.written
            if written and self.status.state != "open":
                self._streams += 1
                self.status = SourceStatus("open", device=name, rate=microphone.rate)
            with self._call():
                active = microphone.active
            if not active:
                self._lose(DeviceError(f"{name!r} is gone"))
                break
            if watch.fails(written, time.monotonic()):
                self._lose(DeviceError(f"{name!r} delivers no samples, or far too few"))
                break
        return microphone.feed.written > 0

    def _lose(self, error: DeviceError) -> None:
        state: Literal["lost", "failed"] = "lost" if self._patient or self._streams else "failed"
        if (self.status.state, self.status.reason) != (state, str(error)):
            self.status = SourceStatus(state, reason=str(error), error=error)

    @contextlib.contextmanager
    def _portaudio(self) -> Iterator[PortAudio]:
        with self._call():
            portaudio = self._host()
        try:
            yield portaudio
        finally:
            with self._call():
                portaudio.close()

    @contextlib.contextmanager
    def _call(self) -> Iterator[None]:
        """Around every call that may hang."""
        self.turned = self._calling_since = time.monotonic()
        try:
            yield
        finally:
            self._calling_since = None
            self.turned = time.monotonic()
