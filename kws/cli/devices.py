"""`kws devices`: which microphones there are."""

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kws.audio.devices import Device
    from kws.audio.microphone import PortAudio


def devices(
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Record half a second from each.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object per device and line.")
    ] = False,
) -> None:
    """List the microphones: what can be opened, at what rate and level.

    A device is named with `kws listen --device`: by its name, a part of it,
    or its number. Numbers change when something is plugged in, names do not.

    Examples:

        kws devices

        kws devices --json | jq 'select(.level_dbfs > -60)'
    """
    from kws.audio.devices import NO_MICROPHONE
    from kws.audio.hanging import leave_at_once
    from kws.cli.output import write_line
    from kws.cli.talk import say
    from kws.descriptors import quiet_libraries
    from kws.errors import DeviceError, DeviceStuckError

    count = 0
    with quiet_libraries():
        try:
            for entry in _entries(probe):
                for line in [json.dumps(entry)] if as_json else _lines(entry):
                    write_line(line)
                count += 1
        except DeviceStuckError as error:
            say(str(error))
            leave_at_once(error.exit_code)
    if not count:
        raise DeviceError(f"{NO_MICROPHONE}: connect one, then see `kws doctor`")


def _entries(wants_probe: bool) -> Iterator[dict[str, Any]]:
    """All microphones; raises `DeviceStuckError` when a call into PortAudio hangs."""
    from kws.audio.hanging import with_patience

    with _portaudio() as portaudio:
        for device in with_patience(portaudio.devices):
            probed = with_patience(partial(_try, portaudio, device)) if wants_probe else {}
            yield _describe(device) | probed


@contextlib.contextmanager
def _portaudio() -> Iterator["PortAudio"]:
    """PortAudio, which is closed afterwards unless a call into it hangs."""
    from kws.audio.hanging import with_patience
    from kws.audio.microphone import PortAudio
    from kws.errors import DeviceStuckError

    portaudio = with_patience(PortAudio)
    hangs = False
    try:
        yield portaudio
    except DeviceStuckError:
        hangs = True
        raise
    finally:
        if not hangs:
            with_patience(portaudio.close)


def _describe(device: "Device") -> dict[str, Any]:
    return {
        "index": device.index,
        "name": device.name,
        "host": device.host,
        "channels": device.channels,
        "default": device.is_default,
    }


def _try(portaudio: "PortAudio", device: "Device") -> dict[str, Any]:
    """What comes of recording from `device`."""
    from kws.audio.probe import probe
    from kws.errors import DeviceError

    try:
        result = probe(portaudio, device)
    except DeviceError as error:
        return {"error": str(error)}
    return {"rate": result.rate, "level_dbfs": round(result.level_dbfs, 1)}


def _lines(entry: dict[str, Any]) -> Iterator[str]:
    mark = "*" if entry["default"] else " "
    yield f"{mark} {entry['index']:>2}  {entry['name']}  ({entry['host']})"
    if "error" in entry:
        yield f"       {entry['error']}"
    elif "rate" in entry:
        yield f"       {entry['rate']} Hz, {entry['level_dbfs']} dBFS"
