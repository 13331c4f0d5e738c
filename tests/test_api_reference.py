"""docs/api.md says what the docstrings say."""

import subprocess
import sys


def test_the_page_is_up_to_date() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "scripts.make_api_reference", "--check"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (result.returncode, result.stderr) == (0, "")
