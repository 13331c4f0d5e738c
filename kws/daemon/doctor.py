"""What is wrong with this machine, and the command that fixes it."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from kws.audio.devices import NO_MICROPHONE, Device, choose_device
from kws.audio.hanging import with_patience
from kws.audio.microphone import PortAudio
from kws.audio.probe import Probe, probe
from kws.config import ListenConfig
from kws.descriptors import quiet_libraries
from kws.errors import DeviceError, DeviceStuckError, EndpointError, KwsError
from kws.events.client.search import group_of
from kws.events.endpoints import SYSTEM_DIRECTORY, check_bindable, endpoints_to_bind, ipc_path
from kws.samples import RATE
from kws.spotting.model import load_model
from kws.spotting.spotter import Spotter
from kws.text import counted

_UNIX_SOCKETS = Path("/proc/net/unix")
SOUND_DEVICES = Path("/dev/snd")
_ZEROS_DBFS = -119.0
_BUSY_SHARE = 0.5
_TEST_SECONDS = 5
_OTHER_ENDPOINT = "kws listen --events ipc:///tmp/kws-events"


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    verdict: Literal["ok", "note", "bad"]
    detail: str
    fix: str | None = None
    """What to do about it."""


def diagnose(config: ListenConfig) -> Iterator[Check]:
    """Look at everything that `kws listen` needs with this configuration, one by one."""
    checks: tuple[Callable[[ListenConfig], Check], ...] = (
        check_model,
        check_cpu,
        check_endpoints,
        check_groups,
        check_sound_devices,
        check_microphone,
    )
    for check in checks:
        yield check(config)


def check_model(config: ListenConfig) -> Check:
    """The model can be loaded."""
    try:
        model = load_model(config.model)
    except KwsError as error:
        return Check("model", "bad", str(error), "kws models")
    words = counted(len(model.words), "word")
    return Check("model", "ok", f"{model.spec.name}, {words}, {model.path}")


def check_cpu(config: ListenConfig) -> Check:
    """The processor keeps up with room to spare."""
    try:
        spotter = Spotter(config.model)
    except KwsError:
        return Check("cpu", "note", "not measured without a model")
    samples = np.random.default_rng(0).normal(0, 0.01, _TEST_SECONDS * RATE).astype(np.float32)
    begin, begin_cpu = time.perf_counter(), time.process_time()
    for start in range(0, len(samples), RATE // 25):
        spotter.feed(samples[start : start + RATE // 25])
    share = (time.perf_counter() - begin) / _TEST_SECONDS
    needed = (time.process_time() - begin_cpu) / _TEST_SECONDS
    detail = f"the model needs {needed:.1%} of one core"
    if share > _BUSY_SHARE:
        detail += f", and beside what else runs here {share:.1%} of the time"
        return Check("cpu", "bad", detail, "stop other programs, or take a smaller model")
    return Check("cpu", "ok", detail)


def check_endpoints(config: ListenConfig) -> Check:
    """The sockets can be bound, or a daemon has them already."""
    try:
        endpoints = endpoints_to_bind(config.events, config.control)
        for endpoint in (endpoints.events, endpoints.control):
            check_bindable(endpoint, has_keys=config.keys is not None, insecure=config.insecure)
    except EndpointError as error:
        return Check("endpoints", "bad", str(error), _OTHER_ENDPOINT)
    for path in filter(None, map(ipc_path, (endpoints.events, endpoints.control))):
        if not os.access(path.parent, os.W_OK | os.X_OK):
            return Check("endpoints", "bad", f"{path.parent} cannot be written to", _OTHER_ENDPOINT)
        if str(path) in _listening():
            return Check("endpoints", "note", f"ipc://{path} belongs to a running daemon")
    return Check("endpoints", "ok", f"{endpoints.events} and {endpoints.control}")


def check_groups(_config: ListenConfig) -> Check:
    """The system's daemon, if there is one, lets this user in."""
    if not SYSTEM_DIRECTORY.is_dir():
        return Check("groups", "ok", f"no system service here ({SYSTEM_DIRECTORY})")
    if os.access(SYSTEM_DIRECTORY, os.R_OK | os.X_OK):
        return Check("groups", "ok", f"{SYSTEM_DIRECTORY} is open to you")
    group = group_of(SYSTEM_DIRECTORY)
    return Check(
        "groups",
        "bad",
        f"{SYSTEM_DIRECTORY} is for members of the group {group}",
        f"sudo usermod -aG {group} $USER, then log in again",
    )


def check_sound_devices(_config: ListenConfig) -> Check:
    """The kernel's sound devices, if there are any, are open to this user."""
    captures = sorted(SOUND_DEVICES.glob("pcm*c"))
    if not captures:
        detail = f"no sound card that can record in {SOUND_DEVICES}; a sound server may have one"
        return Check("sound devices", "note", detail)
    closed = [path for path in captures if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        group = group_of(closed[0])
        fix = f"sudo usermod -aG {group} $USER, then log in again"
        return Check("sound devices", "bad", f"{closed[0]} is closed to you", fix)
    return Check("sound devices", "ok", ", ".join(path.name for path in captures))


def check_microphone(config: ListenConfig) -> Check:
    """PortAudio is there, and the microphone records something."""
    with quiet_libraries():
        try:
            device, result = with_patience(partial(_record, config))
        except DeviceError as error:
            fix = "connect one; a sound server without a login needs: loginctl enable-linger"
            return Check("microphone", "bad", str(error), fix)
        except DeviceStuckError as error:
            fix = "systemctl --user restart pipewire pipewire-pulse, or pulseaudio --kill"
            return Check("microphone", "bad", str(error), fix)
        except KwsError as error:
            return Check("microphone", "bad", str(error), "sudo apt install libportaudio2")
    detail = f"{device.name!r} at {result.rate} Hz, {result.level_dbfs:.0f} dBFS"
    if result.level_dbfs < _ZEROS_DBFS:
        fix = "pactl set-source-mute @DEFAULT_SOURCE@ 0, or alsamixer (F4)"
        return Check("microphone", "note", f"{detail}: nothing but zeros, is it muted?", fix)
    return Check("microphone", "ok", detail)


def _listening() -> set[str]:
    """Paths of all Unix sockets that are bound.

    To connect, or to try the lock, would get in the way of a daemon that is just starting.
    """
    rows = (line.split(maxsplit=7) for line in _UNIX_SOCKETS.read_text().splitlines())
    return {row[7] for row in rows if len(row) == 8}


def _record(config: ListenConfig) -> tuple[Device, Probe]:
    with contextlib.closing(PortAudio()) as portaudio:
        devices = portaudio.devices()
        if not devices:
            raise DeviceError(NO_MICROPHONE)
        device = choose_device(devices, config.device)
        return device, probe(portaudio, device, config.channel or 1)
