"""From the arrival of the deciding block at the ring to the detection at a local subscriber.

    python -m benchmarks.latency [--model NAME|DIR] [--recording FILE] [--rounds N]

The measurement is that of `kws bench`, which times posteriors; here it is done on the detections
of a recording, and takes as long as that lasts.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile

from kws.benchmark.latency import measure_latency
from kws.events.topics import DETECTION
from kws.spotting.spotter import Spotter

RATE = 16000
RECORDING = Path(__file__).parents[1] / "examples" / "recording" / "commands.flac"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--recording", type=Path, default=RECORDING)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    samples, rate = soundfile.read(arguments.recording, dtype="float32")
    assert rate == RATE, "a recording at 16 kHz is needed"
    spotter = Spotter(arguments.model)
    latency = measure_latency(spotter, np.tile(samples, arguments.rounds), DETECTION)
    print(f"{latency.events} detections, ring to subscriber in ms:")
    print(
        f"median {latency.median:.2f}   90 % {latency.p90:.2f}   "
        f"99 % {latency.p99:.2f}   worst {latency.worst:.2f}"
    )


if __name__ == "__main__":
    main()
