"""The one family of errors that kws raises on purpose, each with an exit code of its own.

Every message says what happened and, where there is a way, how to fix it: the command line prints
it as a single line.  Exit code 2 is left to the command line parser (wrong usage).
"""

import difflib
from collections.abc import Iterable

from kws.text import one_line


class KwsError(Exception):
    """Base of all errors of kws.  ``str(error)`` is one line, fit for a person."""

    exit_code = 1

    def __str__(self) -> str:
        """The message in one line: it may quote a damaged file, a file name or a stranger."""
        return one_line(super().__str__())


class AudioFileError(KwsError):
    """A recording that cannot be read, or holds no sound."""

    exit_code = 3


class ModelError(KwsError):
    """A model folder that is missing, damaged, of another version or at odds with itself."""

    exit_code = 4


class DeviceError(KwsError):
    """No microphone can be opened."""

    exit_code = 5


class PortAudioMissingError(KwsError):
    """The PortAudio library is not installed."""

    exit_code = 6


class ConfigError(KwsError):
    """A setting, in a file, the environment or a flag, that makes no sense."""

    exit_code = 7


class EndpointError(KwsError):
    """An endpoint that cannot be bound or reached: taken, forbidden, too long or insecure."""

    exit_code = 8


class DeviceStuckError(KwsError):
    """A call into PortAudio that never came back."""

    exit_code = 9


class DataError(KwsError):
    """Training or evaluation data that cannot serve."""

    exit_code = 10


class MissingExtraError(KwsError):
    """A feature whose optional packages are not installed."""

    exit_code = 11


class NoDaemonError(KwsError):
    """No daemon answers at the endpoint."""

    exit_code = 12


class OutputError(KwsError):
    """A result that cannot be written: no space, no permission, no such folder."""

    exit_code = 13


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The end of an error message: the closest of the known names, or all if none comes close."""
    names = list(known)
    close = difflib.get_close_matches(wrong, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(names)}"
