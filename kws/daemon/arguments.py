"""How `kws listen` becomes the daemon."""

import os
import sys
from typing import Any, NoReturn

import msgspec

from kws.daemon.signals import block_signals
from kws.errors import ConfigError, KwsError


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line passes on to ``python -m kws.daemon``, as JSON."""

    flags: dict[str, Any]
    """Fields of `kws.config.ListenConfig` that flags or the environment have set."""
    config: str | None = None
    """The TOML file that was named."""
    verbose: bool = False
    """Whether the audio libraries may write to stderr."""
    debug: bool = False
    """Whether to show the traceback of an error."""


def become_daemon(arguments: Arguments) -> NoReturn:
    """Replace this process with the daemon, which keeps its id.

    The libraries of the command line take 13 MB, which a daemon would keep in memory for months.

    Raises:
        ConfigError: an argument is not text, so neither events nor the log could show it.
        KwsError: this is not Linux.
    """
    # eventfd wakes the socket thread, sigtimedwait the main thread, /proc tells the memory.
    if not sys.platform.startswith("linux"):
        raise KwsError("`kws listen` needs Linux: elsewhere `kws replay` finds words in recordings")
    try:
        text = msgspec.json.encode(arguments).decode()
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{error.object!r} is not UTF-8: rename it, or make a link with another name"
        ) from error
    block_signals()
    _open_standard_streams()
    # -P: nothing in the current directory must pass for a module.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "kws.daemon", text])


def _open_standard_streams() -> None:
    """Lead those that are closed (``2>&-``) to nowhere, before sockets take their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free descriptor, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
