"""How many real-time streams one core carries, by `MultiSpotter` and by spotters one by one.

    python -m benchmarks.many_streams [RECORDING] [--block MS] [--seconds S] [--repeats N]

The streams are pieces of the recording from different places.  Both ways are fed a block of each
stream in turn, as a server would.  The figure is the sound heard per second of processor time, the
best of the repeats.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kws import Model, MultiSpotter, Spotter, load_model
from kws.audio.files import open_recording
from kws.samples import RATE

COUNTS = (1, 2, 4, 8, 16, 32, 64, 128)
RECORDING = Path(__file__).parents[1] / "examples" / "recording" / "commands.flac"

Blocks = list[list[npt.NDArray[np.float32]]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", nargs="?", default=str(RECORDING))
    parser.add_argument("--block", type=int, default=80, help="milliseconds per stream and call")
    parser.add_argument("--seconds", type=float, default=30, help="of sound, over all streams")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with open_recording(arguments.recording) as recording:
        signal = np.concatenate(list(recording))
    model = load_model()
    size = arguments.block * RATE // 1000
    print("| streams | one by one: real-time streams per core | MultiSpotter | of real time |")
    print("|---:|---:|---:|---:|")
    for count in COUNTS:
        blocks = cut(signal, count, size, max(1, round(arguments.seconds * RATE / size / count)))
        seconds = sum(len(block) for turn in blocks for block in turn) / RATE
        costs = []
        for way in (one_by_one, together):
            runs = [way(model, blocks) for _ in range(arguments.repeats)]
            costs.append(min(runs) / seconds)
        single, multi = costs
        print(f"| {count} | {1 / single:.0f} | {1 / multi:.0f} | {count * multi:.2%} |")


def cut(signal: npt.NDArray[np.float32], count: int, size: int, turns: int) -> Blocks:
    """For each turn a block (size,) of each stream."""
    starts = np.linspace(0, len(signal) - turns * size, count).astype(int)
    return [[signal[s + turn * size :][:size] for s in starts] for turn in range(turns)]


def one_by_one(model: Model, blocks: Blocks) -> float:
    """Processor seconds that a spotter for each stream takes."""
    spotters = [Spotter(model) for _ in blocks[0]]

    def listen() -> None:
        for turn in blocks:
            for spotter, block in zip(spotters, turn, strict=True):
                spotter.feed(block)

    return cost(listen)


def together(model: Model, blocks: Blocks) -> float:
    """Processor seconds that one `MultiSpotter` takes."""
    spotter = MultiSpotter(model)
    streams = [spotter.add() for _ in blocks[0]]

    def listen() -> None:
        for turn in blocks:
            spotter.feed(dict(zip(streams, turn, strict=True)))

    return cost(listen)


def cost(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
