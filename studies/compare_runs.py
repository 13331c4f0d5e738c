"""Training runs side by side, by the figures on the validation part that each wrote into its log.

    python -m studies.compare_runs runs/default runs/without-noise ...

Prints a table in Markdown, of the last validation of each run.  Thresholds are coarse there (half a
unit of log-odds), so miss rates between them are interpolated.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from kws.training.learning_curve import LOG_FILE
from kws.training.run import RUN_FOLDER

WRONG_PER_CLIP = 0.02
CLIPS = ("clips", "noise")
HEADER = (
    f"| run | steps | missed at {WRONG_PER_CLIP:.0%} wrong answers, near silence "
    "| the same in 10 dB noise | mean miss rate at 1, 2, 5, 10 false alarms an hour |\n"
    "|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders that `kws train --out` wrote")
    parser.add_argument("--clips", type=int, default=1096, help="clips on the validation streams")
    arguments = parser.parse_args()
    print(HEADER)
    for folder in arguments.runs:
        lines = (folder / RUN_FOLDER / LOG_FILE).read_text(encoding="utf-8").splitlines()
        figures = json.loads(lines[-1])
        missed = [missed_at(figures["points"][name], arguments.clips) for name in CLIPS]
        cells = [f"{rate:.1%}" for rate in (*missed, figures["frr"])]
        print(f"| {folder.name} | {figures['step']:,} | " + " | ".join(cells) + " |")


def missed_at(points: list[dict[str, Any]], clips: int) -> float:
    """Miss rate at the threshold at which 2 % of the clips get a wrong answer.

    Wrong is any detection but the first of the right word.
    """
    by_alarms = sorted(points, key=lambda point: (point["false_alarms"], -point["misses"]))
    alarms = [point["false_alarms"] / clips for point in by_alarms]
    misses = [point["misses"] / point["words"] for point in by_alarms]
    return float(np.interp(WRONG_PER_CLIP, alarms, misses))


if __name__ == "__main__":
    main()
