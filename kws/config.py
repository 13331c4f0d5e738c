"""What the daemon is told: defaults, then a TOML file, then saved thresholds, then flags.

The flags come last and contain the environment (`KWS_*`), which the command line reads for itself.
"""

import contextlib
import logging
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import platformdirs

from kws.errors import ConfigError, did_you_mean
from kws.fields import misfit
from kws.writing import write_atomically

logger = logging.getLogger(__name__)

FILE_NAME = "kws.toml"
SYSTEM_FILE = Path("/etc/kws") / FILE_NAME
_SAVED_NAME = "thresholds.json"
_LARGEST = 2**31 - 1

Positive = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
Index = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
SomeWords = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class ListenConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that `kws listen` can be told.  The names are the keys of the TOML file."""

    model: str | None = None
    """Name or folder of the model; the bundled one by default."""
    words: SomeWords | None = None
    """The words that may fire; all of the model by default."""
    threshold: float | None = None
    """The threshold of all words; those of the model by default."""
    thresholds: dict[str, float] = {}
    """Thresholds of single words, which take precedence over `threshold`."""
    source: str = "mic"
    """``mic``, the path of a recording, or ``-`` for standard input."""
    pace: bool = True
    """Whether a recording takes as long as it lasts."""
    device: str | Index | None = None
    """Microphone: name, part of a name, or index; the default one by default."""
    channel: Positive | None = None
    """Channel to take, counted from 1.  Of a microphone the first by default."""
    wait: bool | None = None
    """Whether to wait for a microphone when there is none at the start; a service does."""
    name: Name | None = None
    """What the events call this daemon (`source`); the name of the host by default."""
    log_words: bool = True
    """Whether each detection is a line of the log; of what a terminal shows it always is."""
    events: str | None = None
    """Endpoint to publish events at."""
    control: str | None = None
    """Endpoint to take requests at."""
    keys: str | None = None
    """Folder with CURVE keys."""
    insecure: bool = False
    """Whether endpoints may be open to other machines without keys."""
    save_triggers: str | None = None
    """Folder for the audio before each detection."""
    save_triggers_mb: Positive = 100
    """Megabytes that this folder may take."""


def read_config(flags: Mapping[str, Any], file: Path | None = None) -> ListenConfig:
    """All layers put together.

    Args:
        flags: fields that were set on the command line or in the environment.
        file: the TOML file; by default the user's own or else the system's, if there is one.

    Raises:
        ConfigError: a file that cannot be read, an unknown key, a value of the wrong type.
    """
    path = file or default_file()
    _check(flags)
    layers: list[Mapping[str, Any]] = [{"thresholds": saved_thresholds()}, flags]
    if path is not None:
        layers.insert(0, _read_file(path))
    merged: dict[str, Any] = {}
    for layer in layers:
        # A threshold for all words replaces what a weaker layer says of single ones.
        below = {} if "threshold" in layer else merged.get("thresholds", {})
        merged |= {**layer, "thresholds": {**below, **layer.get("thresholds", {})}}
    return msgspec.convert(merged, ListenConfig)


def default_file() -> Path | None:
    """The TOML file that is read without being asked for; None if there is none."""
    for path in (platformdirs.user_config_path("kws") / FILE_NAME, SYSTEM_FILE):
        # Not `is_file`, which fails in a closed home: a service may have that of another user.
        if os.access(path, os.F_OK):
            return path
    return None


def saved_thresholds() -> dict[str, float]:
    """Thresholds that were set by request, to last.

    A damaged file is set aside with a line in the log: nobody wrote it by hand, and a daemon that
    did not start for it would stay away until somebody came.

    Raises:
        ConfigError: the file cannot be read.
    """
    path = _saved_path()
    if not os.access(path, os.F_OK):
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, float])
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        aside = path.with_suffix(".damaged")
        logger.warning("saved thresholds are lost, %s is damaged: %s; see %s", path, error, aside)
        with contextlib.suppress(OSError):
            path.replace(aside)
        return {}


def save_threshold(word: str, value: float) -> Path:
    """Keep a threshold for later starts; gives the file.  Raises `OutputError`."""
    path = _saved_path()
    write_atomically(path, msgspec.json.encode(saved_thresholds() | {word: value}))
    return path


def _saved_path() -> Path:
    # systemd names the folder of a unit that has a StateDirectory.
    folder = os.environ.get("STATE_DIRECTORY")
    return (Path(folder) if folder else platformdirs.user_state_path("kws")) / _SAVED_NAME


def _read_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, endless digits, too deep
        raise ConfigError(f"{path}: {error}") from error
    if isinstance(document.get("threshold"), dict):
        raise ConfigError(
            f"{path}: threshold is one number for all words: those of single words belong in "
            "[thresholds]"
        )
    _check(document, path)
    return document


def _check(settings: Mapping[str, Any], file: Path | None = None) -> None:
    """Raise `ConfigError` for a key that does not exist, or a value that does not fit its key.

    Args:
        file: where the settings come from; flags and the environment if not given.
    """
    known = ListenConfig.__struct_fields__
    origin = f"{file}: " if file else ""
    for key in settings:
        if key not in known:
            raise ConfigError(f"{origin}unknown key {key!r}: {did_you_mean(key, known)}")
    if (wrong := misfit(settings, ListenConfig)) is not None:
        key, why = wrong
        raise ConfigError(f"{origin}{key if file else _flag(key)} {why}")


def _flag(key: str) -> str:
    """The names of a setting on the command line and in the environment."""
    name = "threshold" if key == "thresholds" else key
    return f"--{name.replace('_', '-')} (or $KWS_{name.upper()})"
