"""The microphone that comes back, on a PortAudio that fails as told."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kws.audio.devices import Device
from kws.audio.feed import Feed
from kws.audio.supervisor import MicrophoneSource, RateWatch
from kws.errors import DeviceError, PortAudioMissingError
from tests.support.listener import wait_for

USB = Device(3, "usb", "ALSA", 1, 48000, False)
BUILT_IN = Device(0, "built-in", "ALSA", 2, 16000, True)


class FakeMicrophone:
    """Delivers samples from a thread until it is told to fall silent or to die."""

    def __init__(self, device: Device, stream: int, bench: "Bench") -> None:
        self.device = device
        self.rate = 16000
        self.feed = Feed(self.rate, stream)
        self.active = True
        self.closed = False
        self._bench = bench
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self.closed:
            if self._bench.speaks:
                self.feed.write(np.zeros(320, np.float32), time.monotonic(), 0.0, False)
            time.sleep(0.02)

    def close(self) -> None:
        self._bench.hang.wait()
        self.closed = True
        self._thread.join()


class Bench:
    """A PortAudio whose devices can be plugged in and out."""

    def __init__(self) -> None:
        self.plugged = [BUILT_IN, USB]
        self.speaks = True
        self.hang = threading.Event()
        self.hang.set()
        self.opened: list[FakeMicrophone] = []
        self.initialised = 0
        self.threads: set[int] = set()

    def __call__(self) -> "FakePortAudio":
        return FakePortAudio(self)


class FakePortAudio:
    """Its list of devices is as old as itself, like PortAudio's."""

    def __init__(self, bench: Bench) -> None:
        bench.initialised += 1
        bench.threads.add(threading.get_ident())
        self._bench = bench
        self._devices = list(bench.plugged)

    def devices(self) -> list[Device]:
        return self._devices

    def open(self, device: Device, channel: int, stream: int) -> FakeMicrophone:
        if device not in self._bench.plugged:
            raise DeviceError(f"{device.name!r} cannot be opened")
        microphone = FakeMicrophone(device, stream, self._bench)
        self._bench.opened.append(microphone)
        return microphone

    def close(self) -> None:
        self._bench.threads.add(threading.get_ident())


@pytest.fixture
def bench() -> Bench:
    return Bench()


Start = Callable[..., MicrophoneSource]


@pytest.fixture
def start(bench: Bench) -> Iterator[Start]:
    sources = []

    def start(*arguments: Any, **options: Any) -> MicrophoneSource:
        source = MicrophoneSource(*arguments, **{**options, "host": bench})
        sources.append(source)
        source.start()
        return source

    yield start
    bench.hang.set()
    for source in sources:
        source.stop()
        assert not source._thread.is_alive()


def state_is(source: MicrophoneSource, state: str) -> None:
    wait_for(f"state {state}", lambda: source.status.state == state)


def test_samples_flow(bench: Bench, start: Start) -> None:
    source = start("usb")
    state_is(source, "open")
    assert source.status.device == "usb"
    chunk = wait_for("a chunk", lambda: source.read(1))
    assert chunk.stream == 0
    assert len(chunk.samples) > 0


def test_a_device_that_dies_is_opened_again_as_a_new_stream(bench: Bench, start: Start) -> None:
    source = start("usb")
    state_is(source, "open")
    bench.plugged = [BUILT_IN]
    bench.opened[-1].active = False
    state_is(source, "lost")
    before = bench.initialised
    wait_for("two more attempts", lambda: bench.initialised > before + 1)
    assert "no microphone matches 'usb'" in str(source.status.reason)
    assert len(bench.opened) == 1, "the other microphone was opened instead"
    bench.plugged = [BUILT_IN, Device(9, "usb", "ALSA", 1, 48000, False)]
    state_is(source, "open")
    assert bench.opened[-1].device.index == 9
    chunk = wait_for("a chunk of the new stream", lambda: source.read(1))
    assert chunk.stream == 1


def test_an_index_is_taken_back_by_name(bench: Bench, start: Start) -> None:
    source = start(3)
    state_is(source, "open")
    bench.plugged = [Device(3, "other", "ALSA", 1, 48000, False), Device(5, *list_tail(USB))]
    bench.opened[-1].active = False
    wait_for("the second opening", lambda: len(bench.opened) == 2)
    assert bench.opened[-1].device.name == "usb"


def test_an_index_is_taken_back_although_its_numbers_have_changed(
    bench: Bench, start: Start
) -> None:
    """ALSA puts the number of the card into the name: ``(hw:2,0)``."""
    bench.plugged = [BUILT_IN, Device(3, "Cam: USB (hw:2,0)", "ALSA", 1, 48000, False)]
    source = start(3)
    state_is(source, "open")
    bench.plugged = [BUILT_IN, Device(1, "Cam: USB (hw:1,0)", "ALSA", 1, 48000, False)]
    bench.opened[-1].active = False
    wait_for("the second opening", lambda: len(bench.opened) == 2)
    assert bench.opened[-1].device.index == 1


def test_the_thread_shows_progress_with_and_without_a_microphone(
    bench: Bench, start: Start
) -> None:
    source = start()
    state_is(source, "open")
    before = source.turned
    wait_for("a look at the device", lambda: source.turned > before)
    bench.plugged = []
    bench.opened[-1].active = False
    state_is(source, "lost")
    before = source.turned
    wait_for("another attempt", lambda: source.turned > before)


def list_tail(device: Device) -> tuple[str, str, int, int, bool]:
    return device.name, device.host, device.channels, device.rate, device.is_default


def test_a_device_that_falls_silent_without_an_error_is_noticed(bench: Bench, start: Start) -> None:
    source = start()
    state_is(source, "open")
    bench.speaks = False
    state_is(source, "lost")
    assert "no samples" in str(source.status.reason)
    bench.speaks = True
    state_is(source, "open")


def test_without_patience_no_microphone_at_the_start_is_the_end(bench: Bench, start: Start) -> None:
    bench.plugged = []
    source = start(patient=False)
    state_is(source, "failed")
    assert isinstance(source.status.error, DeviceError)
    assert source.alive


def test_with_patience_it_is_waited_for(bench: Bench, start: Start) -> None:
    bench.plugged = []
    source = start()
    state_is(source, "lost")
    bench.plugged = [BUILT_IN]
    state_is(source, "open")


def test_a_call_that_hangs_is_seen_and_all_calls_come_from_one_thread(
    bench: Bench, start: Start
) -> None:
    source = start()
    state_is(source, "open")
    assert source.stuck_for < 1
    bench.hang.clear()
    bench.opened[-1].active = False
    wait_for("the call to hang", lambda: source.stuck_for > 0.5)
    bench.hang.set()
    wait_for("the second opening", lambda: len(bench.opened) == 2)
    state_is(source, "open")
    assert len(bench.threads) == 1
    assert threading.get_ident() not in bench.threads


def test_without_portaudio_it_fails() -> None:
    def missing() -> FakePortAudio:
        raise PortAudioMissingError("not installed")

    source = MicrophoneSource(host=missing)  # type: ignore[arg-type]
    source.start()
    state_is(source, "failed")
    assert isinstance(source.status.error, PortAudioMissingError)
    source.stop()


def test_a_rate_is_judged_over_whole_windows() -> None:
    watch = RateWatch(16000, now=0.0)
    assert not watch.fails(0, 5.9), "the first block may take a while"
    assert not watch.fails(320, 6.0)
    assert not watch.fails(320 + 16000, 7.0)
    assert not watch.fails(320 + 17000, 8.1)
    assert watch.fails(320 + 18000, 10.2), "far fewer than 32000 in two seconds"


def test_a_device_that_never_speaks_fails() -> None:
    watch = RateWatch(16000, now=0.0)
    assert not watch.fails(0, 5.9)
    assert watch.fails(0, 6.1)
