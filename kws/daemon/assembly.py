"""The parts of the daemon that a configuration asks for."""

import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kws.audio.source import Source
from kws.config import ListenConfig, saved_thresholds
from kws.daemon.notify import is_service
from kws.events.endpoints import endpoints_to_bind
from kws.events.keys import ServerKeys
from kws.events.server.server import EventServer
from kws.spotting.model import load_model
from kws.spotting.spotter import Spotter

if TYPE_CHECKING:
    from kws.daemon.triggers import TriggerRecorder

MICROPHONE = "mic"
MEGABYTE = 1_000_000


def make_source(config: ListenConfig) -> Source:
    """The source that is asked for, not started."""
    if config.source == MICROPHONE:
        from kws.audio.supervisor import MicrophoneSource

        patient = is_service() if config.wait is None else config.wait
        return MicrophoneSource(config.device, config.channel or 1, patient)
    from kws.audio.playback import Playback  # which needs soundfile

    return Playback(config.source, config.pace, config.channel)


def make_spotter(config: ListenConfig) -> Spotter:
    """Load the model and set the thresholds.

    Raises:
        ModelError: the model cannot be loaded.
        ConfigError: an unknown word, or a threshold outside 0 to 1.
    """
    model = load_model(config.model)
    words = model.words if config.words is None else config.words
    thresholds = {} if config.threshold is None else dict.fromkeys(words, config.threshold)
    # A word that was left out, or saved for another model, is no fault; a misspelt one is, and the
    # spotter says it best.
    known = {*model.words, *saved_thresholds()} - set(words)
    thresholds |= {word: x for word, x in config.thresholds.items() if word not in known}
    return Spotter(model, words=words, thresholds=thresholds)


def make_server(config: ListenConfig) -> EventServer:
    """The sockets, not bound; raises `EndpointError` when they would be open to the world."""
    endpoints = endpoints_to_bind(config.events, config.control)
    return EventServer(
        endpoints.events,
        endpoints.control,
        source=config.name or platform.node(),
        keys=ServerKeys.load(Path(config.keys)) if config.keys else None,
        insecure=config.insecure,
    )


def make_triggers(
    config: ListenConfig, report: Callable[[str, str], None]
) -> "TriggerRecorder | None":
    """What keeps the audio of detections, where that is asked for; raises `OutputError`."""
    if config.save_triggers is None:
        return None
    from kws.daemon.triggers import TriggerRecorder  # which needs soundfile

    return TriggerRecorder(Path(config.save_triggers), config.save_triggers_mb * MEGABYTE, report)
