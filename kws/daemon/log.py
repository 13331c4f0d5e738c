"""The log of the daemon."""

import logging
import os

from kws.daemon.writer import LineWriter
from kws.text import one_line


class _LineHandler(logging.Handler):
    """Hands records to a `LineWriter`."""

    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        for line in self.format(record).split("\n"):
            self._writer.write(line)

    def format(self, record: logging.LogRecord) -> str:
        """One line, and those of a traceback, which cannot be taken for lines of their own."""
        record.msg, record.args = one_line(record.getMessage()), ()
        return super().format(record).replace("\n", "\n  | ")


def start_log(writer: LineWriter, descriptor: int) -> None:
    """Send the log to `writer`, which writes to `descriptor`."""
    # The journal of systemd has the time by itself.
    stamp = "" if is_journal(descriptor) else "%(asctime)s "
    logging.basicConfig(
        level=logging.INFO,
        format=f"{stamp}%(levelname)s %(message)s",
        handlers=[_LineHandler(writer)],
    )


def is_journal(descriptor: int) -> bool:
    """Whether the journal of systemd reads what is written to `descriptor`.

    ``JOURNAL_STREAM`` alone does not say so: every program below a service inherits it.
    """
    status = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
