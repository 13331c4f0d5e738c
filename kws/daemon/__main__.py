"""The process of the daemon: ``python -m kws.daemon ARGUMENTS`` (see `kws.daemon.arguments`)."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import msgspec

from kws.audio.hanging import leave_at_once
from kws.config import ListenConfig, read_config
from kws.daemon.arguments import Arguments
from kws.daemon.daemon import Daemon
from kws.daemon.detection_lines import DetectionLines, leave_out, log_detection
from kws.daemon.log import start_log
from kws.daemon.writer import LineWriter
from kws.descriptors import quiet_libraries
from kws.errors import KwsError


def main(text: str) -> NoReturn:
    """Run the daemon and end the process."""
    arguments = msgspec.json.decode(text, type=Arguments)
    code = 0
    with ExitStack() as stack:
        if not arguments.verbose:
            stack.enter_context(quiet_libraries())
        stderr = sys.stderr.fileno()
        log = stack.enter_context(LineWriter(stderr))
        start_log(log, stderr)
        try:
            _listen(arguments)
        except KwsError as error:
            if arguments.debug:
                raise
            log.write(f"kws: {error}")
            code = error.exit_code
    leave_at_once(code)


def _listen(arguments: Arguments) -> None:
    def configure() -> ListenConfig:
        return read_config(arguments.flags, Path(arguments.config) if arguments.config else None)

    with ExitStack() as stack:
        config = configure()
        on_detection = log_detection if config.log_words else leave_out
        if sys.stdout.isatty():
            on_detection = stack.enter_context(DetectionLines(sys.stdout.fileno())).show
        Daemon(config, configure, on_detection).run()


if __name__ == "__main__":
    main(sys.argv[1])
