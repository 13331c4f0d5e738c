"""Which microphone is meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kws.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Device:
    """An input device, as PortAudio numbers it until it is initialised again."""

    index: int
    name: str
    host: str
    """The audio system that it belongs to, such as ALSA."""
    channels: int
    """Channels that it can record at most."""
    rate: int
    """The sample rate that it prefers, in Hz."""
    is_default: bool

    @property
    def lasting_name(self) -> str:
        """The name without ALSA's numbers, ``(hw:2,0)``, which another socket may change."""
        return re.sub(r"\s*\(hw:\d+,\d+\)$", "", self.name)


NO_MICROPHONE = "there is no microphone"


def choose_device(
    devices: Sequence[Device], wanted: str | int | None, preferred: int | None = None
) -> Device:
    """The device that is meant: by index, by name or a part of it, or the default one.

    Args:
        preferred: the index to take where several have the name.

    Raises:
        DeviceError: there is none, or more than one.
    """
    if not devices:
        raise DeviceError(f"{NO_MICROPHONE}: connect one, then see `kws doctor`")
    if wanted is None:
        return _default(devices)
    if isinstance(wanted, int):
        found = [device for device in devices if device.index == wanted]
    else:
        found = _named(devices, wanted)
    if len(found) > 1:
        found = [device for device in found if device.index == preferred] or found
    if len(found) == 1:
        return found[0]
    candidates = ", ".join(f"{device.index} {device.name!r}" for device in found or devices)
    if found:
        raise DeviceError(f"more than one microphone matches {wanted!r}: {candidates}")
    raise DeviceError(f"no microphone matches {wanted!r}: choose with --device among {candidates}")


def _default(devices: Sequence[Device]) -> Device:
    for device in devices:
        if device.is_default:
            return device
    candidates = ", ".join(f"{device.index} {device.name!r}" for device in devices)
    raise DeviceError(f"there is no default microphone: choose with --device among {candidates}")


def _named(devices: Sequence[Device], wanted: str) -> list[Device]:
    """All that bear the name, with or without ALSA's numbers, else all whose name contains it."""
    low = wanted.casefold()
    return (
        [device for device in devices if device.name.casefold() == low]
        or [device for device in devices if device.lasting_name.casefold() == low]
        or [device for device in devices if low in device.name.casefold()]
    )
