"""Where the log goes."""

import subprocess
import sys
from pathlib import Path

import pytest

from kws.daemon.log import is_journal


def test_the_journal_is_known_by_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is inherited by programs whose stderr goes elsewhere."""
    with (tmp_path / "journal").open("w") as journal, (tmp_path / "else").open("w") as other:
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
        assert not is_journal(journal.fileno())
        status = (tmp_path / "journal").stat()
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        assert is_journal(journal.fileno())
        assert not is_journal(other.fileno())


def test_a_line_end_in_a_message_forges_no_line(tmp_path: Path) -> None:
    program = (
        "import logging, os\n"
        "from kws.daemon.log import start_log\n"
        "from kws.daemon.writer import LineWriter\n"
        "with LineWriter(2) as writer:\n"
        "    start_log(writer, 2)\n"
        "    logging.warning('device_lost: %s', 'usb\\n12:00:00 INFO all is well\\x1b[2J')\n"
        "    try:\n"
        "        raise ValueError('bad\\nINFO forged')\n"
        "    except ValueError:\n"
        "        logging.exception('a defect')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    first, second, *traceback = result.stderr.splitlines()
    assert first.endswith(r"usb\n12:00:00 INFO all is well\u001b[2J")
    assert second.endswith("a defect")
    assert traceback
    assert all(line.startswith("  | ") for line in traceback)
