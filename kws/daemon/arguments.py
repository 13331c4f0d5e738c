"""How `kws listen` becomes the daemon."""

import os
import sys
from typing import Any, NoReturn

import msgspec

from kws.daemon.signals import block_signals


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
    """Replace this process by the daemon, which keeps its id.

    The libraries of the command line take 13 MB, which a daemon would carry along for months.
    """
    block_signals()
    text = msgspec.json.encode(arguments).decode()
    # -P: nothing in the current directory must pass for a module.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "kws.daemon", text])
