"""Where the log goes."""

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
