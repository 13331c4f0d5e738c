"""Which microphone is meant."""

import pytest

from kws.audio.devices import Device, choose_device
from kws.errors import DeviceError


def device(index: int, name: str, is_default: bool = False) -> Device:
    return Device(index, name, "ALSA", 2, 48000, is_default)


USB = device(1, "USB Audio: - (hw:1,0)")
HEADSET = device(4, "Headset: USB Audio (hw:2,0)")
DEFAULT = device(7, "default", is_default=True)
ALL = [USB, HEADSET, DEFAULT]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, DEFAULT),
        (4, HEADSET),
        ("headset", HEADSET),
        ("hw:1,0", USB),
        ("default", DEFAULT),
        ("USB AUDIO: - (HW:1,0)", USB),
    ],
)
def test_choice(wanted: str | int | None, expected: Device) -> None:
    assert choose_device(ALL, wanted) is expected


def test_the_whole_name_goes_before_a_part() -> None:
    assert choose_device([device(0, "mic 2"), device(1, "mic")], "mic").index == 1


def test_of_two_with_the_same_name_the_preferred_one() -> None:
    twins = [device(2, "Mic: USB (hw:2,0)"), device(5, "Mic: USB (hw:3,0)")]
    assert choose_device(twins, "Mic: USB", preferred=5).index == 5
    with pytest.raises(DeviceError, match="more than one"):
        choose_device(twins, "Mic: USB", preferred=4)


def test_a_name_without_the_numbers_is_a_whole_name() -> None:
    devices = [device(2, "Mic: USB 2 (hw:2,0)"), device(5, "Mic: USB (hw:3,0)")]
    assert [each.lasting_name for each in devices] == ["Mic: USB 2", "Mic: USB"]
    assert choose_device(devices, "Mic: USB").index == 5


@pytest.mark.parametrize(
    ("devices", "wanted", "text"),
    [
        ([], None, "no microphone"),
        (ALL, "usb", "more than one.*'USB Audio.*'Headset"),
        (ALL, "webcam", "no microphone matches 'webcam'.*7 'default'"),
        (ALL, 3, "no microphone matches 3"),
        ([USB], None, "no default microphone.*--device"),
    ],
)
def test_refusals_name_the_candidates(
    devices: list[Device], wanted: str | int | None, text: str
) -> None:
    with pytest.raises(DeviceError, match=text) as caught:
        choose_device(devices, wanted)
    assert "\n" not in str(caught.value)
