"""A real-time streaming keyword spotter.

The public names are loaded when they are first used, so that ``import kws`` costs nothing and
an offline user never loads ZeroMQ:

    from kws import Spotter, Detection, load_model, Subscriber
"""

import importlib
from typing import TYPE_CHECKING, Any

import kws.threads  # noqa: F401  # before anything imports numpy

if TYPE_CHECKING:
    from kws.errors import ConfigError, KwsError, NoDaemonError
    from kws.events.client.subscriber import Subscriber
    from kws.events.messages import DetectionEvent
    from kws.spotting.detection import Detection
    from kws.spotting.model import Model, load_model
    from kws.spotting.multi import MultiSpotter
    from kws.spotting.spotter import Spotter
    from kws.spotting.stream import Stream

_HOMES = {
    "ConfigError": "kws.errors",
    "Detection": "kws.spotting.detection",
    "DetectionEvent": "kws.events.messages",
    "KwsError": "kws.errors",
    "Model": "kws.spotting.model",
    "MultiSpotter": "kws.spotting.multi",
    "NoDaemonError": "kws.errors",
    "Spotter": "kws.spotting.spotter",
    "Stream": "kws.spotting.stream",
    "Subscriber": "kws.events.client.subscriber",
    "load_model": "kws.spotting.model",
}

__all__ = [
    "ConfigError",
    "Detection",
    "DetectionEvent",
    "KwsError",
    "Model",
    "MultiSpotter",
    "NoDaemonError",
    "Spotter",
    "Stream",
    "Subscriber",
    "load_model",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kws' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
