"""`kws replay`, and what it took: a program for `kws.benchmark.footprint`.

    python -m kws.cli.measured_replay REPLAY-ARGUMENT...

Imports nothing that `kws replay` would not, and prints a JSON object behind all else.
"""

import json
import sys
import time

from kws.benchmark.memory import memory
from kws.cli import main as kws


def main() -> None:
    """Be `kws replay`, then tell the cost."""
    try:
        kws(["replay", *sys.argv[1:]])
    except SystemExit as end:
        if end.code:
            raise
    cost = {"cpu": time.process_time(), "monotonic": time.monotonic()}
    sys.stdout.write(json.dumps(cost | memory()) + "\n")


if __name__ == "__main__":
    main()
