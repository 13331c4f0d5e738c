"""`kws replay` as a process of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.support.listener import KWS

DEADLINE = 120


def run(
    *arguments: str | Path, stdin: bytes | None = None, program: list[str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*(program or [KWS, "replay"]), *map(str, arguments)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=DEADLINE,
    )


def detections(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]
