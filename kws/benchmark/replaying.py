"""`kws replay`, and what it took: a program for `kws.benchmark.footprint`.

    python -m kws.benchmark.replaying REPLAY-ARGUMENT...

Imports nothing that `kws replay` would not, and prints a JSON object behind all else.
"""

import json
import sys
import time
from pathlib import Path

from kws.cli import main as kws

_STATUS = Path("/proc/self/status")


def main() -> None:
    """Be `kws replay`, then tell the cost."""
    try:
        kws(["replay", *sys.argv[1:]])
    except SystemExit as end:
        if end.code:
            raise
    cost = {"cpu": time.process_time(), "monotonic": time.monotonic()}
    sys.stdout.write(json.dumps(cost | _memory()) + "\n")


def _memory() -> dict[str, float | None]:
    """Memory of this process in MB of 10^6 bytes; Linux only."""
    status = _STATUS.read_text() if _STATUS.exists() else ""
    kibibytes = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
    return {
        name: round(int(kibibytes[name].split()[0]) * 1024 / 1e6, 1) if name in kibibytes else None
        for name in ("VmRSS", "RssAnon")
    }


if __name__ == "__main__":
    main()
