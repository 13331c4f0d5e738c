"""How a device is opened, on a sounddevice that takes only certain formats."""

import os
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from kws.audio.devices import Device
from kws.audio.microphone import PortAudio
from kws.descriptors import quiet_libraries
from kws.errors import DeviceError


class PortAudioError(Exception):
    pass


class Stream:
    """An input stream that calls back when told to."""

    def __init__(self, callback: Callable[..., None], **options: Any) -> None:
        self.options = options
        self.callback = callback
        self.active = False
        self.ended: list[str] = []

    def start(self) -> None:
        self.active = True

    def abort(self, ignore_errors: bool) -> None:
        self.ended.append("abort")

    def close(self, ignore_errors: bool) -> None:
        self.ended.append("close")


class FakeSounddevice:
    """Takes the formats in `taken`, pairs of rate and channel count."""

    PortAudioError = PortAudioError
    InputStream = Stream

    def __init__(self) -> None:
        self.taken: set[tuple[int, int]] = set()
        self._initialized = 0
        self.default = SimpleNamespace(device={"input": 1})

    def _initialize(self) -> None:
        self._initialized += 1

    def _terminate(self) -> None:
        self._initialized -= 1

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def query_devices(self) -> list[dict[str, Any]]:
        common = {"hostapi": 0, "default_samplerate": 44100.0}
        return [
            {"name": "speaker", "max_input_channels": 0, **common},
            {"name": "usb", "max_input_channels": 4, **common},
        ]

    def check_input_settings(self, device: int, channels: int, dtype: str, samplerate: int) -> None:
        if (samplerate, channels) not in self.taken:
            raise PortAudioError("Error", -9997, (0, -22, "Invalid argument"))


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> FakeSounddevice:
    fake = FakeSounddevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_devices_that_cannot_record_are_left_out(sounddevice: FakeSounddevice) -> None:
    portaudio = PortAudio()
    assert portaudio.devices() == [Device(1, "usb", "ALSA", 4, 44100, True)]
    portaudio.close()
    assert sounddevice._initialized == 0


@pytest.mark.parametrize(
    ("taken", "channel", "rate", "channels"),
    [
        ({(16000, 1), (16000, 2), (48000, 2)}, 1, 16000, 2),
        ({(16000, 1), (44100, 2)}, 1, 16000, 1),
        ({(44100, 4), (48000, 2)}, 1, 44100, 4),
        ({(48000, 2)}, 1, 48000, 2),
        ({(48000, 4)}, 3, 48000, 4),
    ],
)
def test_the_first_format_that_is_taken(
    sounddevice: FakeSounddevice,
    taken: set[tuple[int, int]],
    channel: int,
    rate: int,
    channels: int,
) -> None:
    """16 kHz where possible; more than one channel where there are, because servers mix."""
    sounddevice.taken = taken
    portaudio = PortAudio()
    microphone = portaudio.open(portaudio.devices()[0], channel, 0)
    stream: Any = microphone._stream
    assert (microphone.rate, stream.options["channels"]) == (rate, channels)
    block = np.arange(5 * channels, dtype=np.float32).reshape(5, channels)
    when = SimpleNamespace(currentTime=0.0, inputBufferAdcTime=0.0)
    stream.callback(block, 5, when, SimpleNamespace(input_overflow=True))
    assert microphone.feed.written == 5
    assert microphone.feed.overflows == 1
    if rate == 16000:
        chunk = microphone.feed.read(0)
        assert chunk is not None
        np.testing.assert_array_equal(chunk.samples, block[:, channel - 1])
    microphone.close()
    assert stream.ended == ["abort", "close"]


def test_what_cannot_be_opened_is_one_line(sounddevice: FakeSounddevice) -> None:
    portaudio = PortAudio()
    (device,) = portaudio.devices()
    with pytest.raises(DeviceError, match=r"'usb' cannot be opened: Error Invalid argument"):
        portaudio.open(device, 1, 0)
    with pytest.raises(DeviceError, match="no channel 5"):
        portaudio.open(device, 5, 0)


def test_every_call_that_fails_is_a_device_error(
    sounddevice: FakeSounddevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor lives through those, and opens the device again."""

    def fail(*_: object) -> None:
        raise PortAudioError("Error", -9999, (0, -19, "No such device"))

    sounddevice.taken = {(16000, 2)}
    portaudio = PortAudio()
    microphone = portaudio.open(portaudio.devices()[0], 1, 0)
    monkeypatch.setattr(microphone, "_stream", type("Lost", (), {"active": property(fail)})())
    monkeypatch.setattr(sounddevice, "query_devices", fail)
    monkeypatch.setattr(sounddevice, "_terminate", fail)
    with pytest.raises(DeviceError, match="'usb' is gone: Error No such device"):
        _ = microphone.active
    with pytest.raises(DeviceError, match="cannot be listed: Error No such device"):
        portaudio.devices()
    with pytest.raises(DeviceError, match="does not end: Error No such device"):
        portaudio.close()


def test_libraries_are_kept_quiet_and_python_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet_libraries():
        os.write(2, b"ALSA lib pcm.c: noise\n")
        sys.stderr.write("kws: what matters\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "kws: what matters\nafterwards\n"
