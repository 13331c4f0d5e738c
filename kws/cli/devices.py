"""`kws devices`: which microphones there are."""

import json
from typing import Annotated

import typer


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
    from kws.audio.microphone import PortAudio, quiet_libraries
    from kws.audio.probe import probe as record
    from kws.errors import DeviceError

    with quiet_libraries():
        portaudio = PortAudio()
        found = portaudio.devices()
        for device in found:
            entry = {
                "index": device.index,
                "name": device.name,
                "host": device.host,
                "channels": device.channels,
                "default": device.is_default,
            }
            if probe:
                try:
                    result = record(portaudio, device)
                    entry |= {"rate": result.rate, "level_dbfs": round(result.level_dbfs, 1)}
                except DeviceError as error:
                    entry["error"] = str(error)
            typer.echo(json.dumps(entry) if as_json else _line(entry))
        portaudio.close()
    if not found:
        raise DeviceError("there is no microphone: connect one, then see `kws doctor`")


def _line(entry: dict[str, object]) -> str:
    mark = "*" if entry["default"] else " "
    text = f"{mark} {entry['index']:>2}  {entry['name']}  ({entry['host']})"
    if "error" in entry:
        return f"{text}\n       {entry['error']}"
    if "rate" in entry:
        return f"{text}\n       {entry['rate']} Hz, {entry['level_dbfs']} dBFS"
    return text
