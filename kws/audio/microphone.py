"""PortAudio: the only module that imports sounddevice.

Nothing here may be called from more than one thread at a time, and any call may hang: see
`kws.audio.supervisor`.  The import itself initialises PortAudio, so it happens late.
"""

import contextlib
import ctypes
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kws.audio.devices import Device
from kws.audio.feed import Feed
from kws.errors import DeviceError, PortAudioMissingError
from kws.samples import RATE, Samples

BLOCK_SECONDS = 0.08
"""Audio per callback.  Waking up costs more than the work itself: 40 ms would take half again."""

LATENCY_SECONDS = 0.1
"""What the device may buffer: it bridges the moments in which another thread holds the GIL."""

_FURTHER_RATES = (48000, 44100)
_COMMON_CHANNELS = 2


class PortAudio:
    """An initialised PortAudio.  Its list of devices is as old as itself."""

    def __init__(self) -> None:
        """Initialise the library; raises `PortAudioMissingError` or `DeviceError`."""
        self._sounddevice = _load()
        if not self._sounddevice._initialized:
            _keep_plugins_loaded()
            with _device_errors(self._sounddevice, "PortAudio does not start"):
                self._sounddevice._initialize()

    def close(self) -> None:
        """Give everything back, so that the next `PortAudio` sees what is plugged in then.

        Raises:
            DeviceError: PortAudio does not end.
        """
        with _device_errors(self._sounddevice, "PortAudio does not end"):
            self._sounddevice._terminate()

    def devices(self) -> list[Device]:
        """All devices that can record; raises `DeviceError` when they cannot be listed."""
        with _device_errors(self._sounddevice, "the devices cannot be listed"):
            try:
                entries = list(self._sounddevice.query_devices())
            except UnicodeDecodeError:
                entries = self._lenient_entries()
            hosts = self._sounddevice.query_hostapis()
            default = self._sounddevice.default.device["input"]
        return [
            Device(
                index=index,
                name=entry["name"],
                host=hosts[entry["hostapi"]]["name"],
                channels=entry["max_input_channels"],
                rate=round(entry["default_samplerate"]),
                is_default=index == default,
            )
            for index, entry in enumerate(entries)
            if entry["max_input_channels"] > 0
        ]

    def _lenient_entries(self) -> list[dict[str, Any]]:
        """What `query_devices` gives, where the name of a device is not UTF-8.

        ALSA does not promise that, and one such device must not hide all others.
        """
        library = self._sounddevice._lib
        infos = [library.Pa_GetDeviceInfo(index) for index in range(library.Pa_GetDeviceCount())]
        return [
            {
                "name": self._sounddevice._ffi.string(info.name).decode("utf-8", "replace"),
                "hostapi": info.hostApi,
                "max_input_channels": info.maxInputChannels,
                "default_samplerate": info.defaultSampleRate,
            }
            for info in infos
        ]

    def open(self, device: Device, channel: int, stream: int) -> "Microphone":
        """Start to record one channel (from 1) of `device`; raises `DeviceError`.

        At 16 kHz if the device can, else at a rate of its own.
        """
        if channel > device.channels:
            raise DeviceError(
                f"{device.name!r} has {device.channels} channels, there is no channel {channel}"
            )
        with _device_errors(self._sounddevice, f"{device.name!r} cannot be opened"):
            rate, channels = self._format(device, channel)
            return Microphone(self._sounddevice, device, rate, channels, channel, stream)

    def _format(self, device: Device, channel: int) -> tuple[int, int]:
        """The first rate and channel count that the device takes."""
        refusal = None
        for rate in dict.fromkeys((RATE, device.rate, *_FURTHER_RATES)):
            for channels in _channel_counts(device, channel):
                try:
                    self._sounddevice.check_input_settings(
                        device.index, channels=channels, dtype="float32", samplerate=rate
                    )
                    return rate, channels
                except self._sounddevice.PortAudioError as error:
                    refusal = refusal or error
        assert refusal is not None
        raise refusal


class Microphone:
    """One open device.  Its callback copies into `feed`, nothing else."""

    def __init__(
        self,
        sounddevice: Any,
        device: Device,
        rate: int,
        channels: int,
        channel: int,
        stream: int,
    ) -> None:
        self.device = device
        self.rate = rate
        self.feed = Feed(rate, stream)
        self._sounddevice = sounddevice
        self._stream = sounddevice.InputStream(
            device=device.index,
            samplerate=rate,
            channels=channels,
            dtype="float32",
            blocksize=round(rate * BLOCK_SECONDS),
            latency=LATENCY_SECONDS,
            callback=_copier(self.feed, channel - 1),
        )
        self._stream.start()

    @property
    def active(self) -> bool:
        """Whether PortAudio still means to call back; raises `DeviceError` if it cannot tell."""
        with _device_errors(self._sounddevice, f"{self.device.name!r} is gone"):
            return bool(self._stream.active)

    def close(self) -> None:
        """Stop at once; raises nothing, because a device that is gone cannot be closed well."""
        self._stream.abort(ignore_errors=True)
        self._stream.close(ignore_errors=True)


def _copier(feed: Feed, column: int) -> Callable[[Samples, int, Any, Any], None]:
    """The audio callback: one column of the block into the ring."""

    def copy(block: Samples, _frames: int, when: Any, flags: Any) -> None:
        delay = when.currentTime - when.inputBufferAdcTime if when.inputBufferAdcTime else 0.0
        feed.write(block[:, column], time.monotonic(), delay, flags.input_overflow)

    return copy


def _channel_counts(device: Device, channel: int) -> list[int]:
    """Channel counts to try.

    Asked for one channel, a sound server would mix several into it, and what is in opposite phase
    would be gone; so at least two are taken where there are.
    """
    few = max(channel, min(_COMMON_CHANNELS, device.channels))
    return list(dict.fromkeys((few, device.channels, channel)))


def _load() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise PortAudioMissingError(
            "the PortAudio library is not installed: `sudo apt install libportaudio2`, or "
            "`sudo dnf install portaudio`"
        ) from error
    return sounddevice


@functools.cache
def _keep_plugins_loaded() -> None:
    """Load ALSA's plug-ins for good, before PortAudio is initialised a second time.

    Each initialisation loads them and lets them go, and libavcodec behind one of them loses 12 kB
    every time: 200 MB in a day of looking for a microphone.
    """
    for pattern in ("lib*/alsa-lib", "lib/*/alsa-lib"):
        for plugin in Path("/usr").glob(f"{pattern}/libasound_module_pcm_*.so"):
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(plugin), mode=os.RTLD_NOW | os.RTLD_NODELETE)


@contextlib.contextmanager
def _device_errors(sounddevice: Any, what: str) -> Iterator[None]:
    """Errors of PortAudio as `DeviceError`, in one line."""
    try:
        yield
    except sounddevice.PortAudioError as error:
        # (message, code) or (message, code, (host, its code, its message))
        host = error.args[2][2] if len(error.args) > 2 else ""
        text = " ".join(f"{error.args[0]} {host}".split())
        raise DeviceError(f"{what}: {text}") from error
    except UnicodeDecodeError as error:
        raise DeviceError(
            f"{what}: its name is no UTF-8; give it another in the configuration of ALSA"
        ) from error
