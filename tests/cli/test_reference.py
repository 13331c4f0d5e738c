"""docs/cli.md says what the code says."""

import os
import subprocess
import sys


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "scripts.make_cli_reference", "--check"],
        env=os.environ | {"COLUMNS": "40", "FORCE_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, "")
