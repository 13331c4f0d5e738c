"""Trying a microphone for half a second."""

import time
from typing import NamedTuple

import numpy as np

from kws.audio.devices import Device
from kws.audio.microphone import PortAudio
from kws.errors import DeviceError
from kws.samples import RATE, Samples, dbfs

_SECONDS = 0.5
_PATIENCE_SECONDS = 4.0


class Probe(NamedTuple):
    """What came of trying a device."""

    rate: int
    """Samples per second that it was opened with."""
    level_dbfs: float
    """Level of what it recorded, decibels below full scale; -120 for zeros."""


def probe(portaudio: PortAudio, device: Device, channel: int = 1) -> Probe:
    """Record half a second from `device`; raises `DeviceError` when nothing comes."""
    microphone = portaudio.open(device, channel, 0)
    try:
        heard: list[Samples] = []
        end = time.monotonic() + _PATIENCE_SECONDS
        while sum(map(len, heard)) < _SECONDS * RATE:
            chunk = microphone.feed.read(0.1)
            if chunk is not None:
                heard.append(chunk.samples)
            if time.monotonic() > end:
                raise DeviceError(f"{device.name!r} opens, but delivers no samples")
    finally:
        microphone.close()
    samples = np.concatenate(heard)
    return Probe(microphone.rate, dbfs(float(np.mean(samples**2))))
