"""The process of the daemon: ``python -m kws.daemon ARGUMENTS`` (see `kws.daemon.arguments`)."""

import logging
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import msgspec

from kws.audio.microphone import quiet_libraries
from kws.config import ListenConfig, read_config
from kws.daemon.arguments import Arguments
from kws.daemon.daemon import Daemon
from kws.daemon.lines import DetectionLines, log_detection
from kws.errors import DeviceStuckError, KwsError


def main(text: str) -> int:
    """Run the daemon; gives the exit code."""
    arguments = msgspec.json.decode(text, type=Arguments)
    try:
        _listen(arguments)
    except KwsError as error:
        if arguments.debug:
            raise
        sys.stderr.write(f"kws: {error}\n")
        if isinstance(error, DeviceStuckError):
            _leave_at_once(error.exit_code)
        return error.exit_code
    return 0


def _listen(arguments: Arguments) -> None:
    def configure() -> ListenConfig:
        return read_config(arguments.flags, Path(arguments.config) if arguments.config else None)

    with ExitStack() as stack:
        if not arguments.verbose:
            stack.enter_context(quiet_libraries())
        _log_to_stderr()
        on_detection = log_detection
        if sys.stdout.isatty():
            on_detection = stack.enter_context(DetectionLines()).show
        daemon = Daemon(configure, on_detection)
        daemon.run()
        if daemon.source.stuck_for:
            _leave_at_once(0)


def _log_to_stderr() -> None:
    # The journal of systemd has the time by itself.
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(
        level=logging.INFO, format=stamp + "%(levelname)s %(message)s", stream=sys.stderr
    )


def _leave_at_once(code: int) -> NoReturn:
    """End the process although a call into PortAudio hangs, on which Python would wait."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
