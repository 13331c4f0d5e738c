"""Where the time of the chain goes, and how far that is from what the core can do.

    python -m benchmarks.stages [RECORDING] [--seconds S] [--repeats N]

Processor time per row of posteriors (40 ms of sound in the model that comes along), for blocks as
the microphone delivers them and as `kws replay` reads them.  All stages run in turn, as they do in
use, so that each finds the caches as the others leave them; of all repeats the least counts.
"""

import argparse
import time
from pathlib import Path

# Before numpy, so that the products use one thread.
from kws import load_model, Stream  # isort: skip

import numpy as np
import numpy.typing as npt

from kws.audio.files import open_recording
from kws.spotting.lstm import StatefulLstm
from kws.spotting.mfcc import Frames, IncrementalMfcc
from kws.spotting.model import Model

RECORDING = Path(__file__).parents[1] / "examples" / "recording" / "commands.flac"
BLOCKS = {"microphone": 1280, "replay": 8192}
STAGES = ("check", "windows", "MFCC", "network", "decision")

Signal = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recording", nargs="?", default=str(RECORDING))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    model = load_model()
    with open_recording(arguments.recording) as recording:
        signal = np.concatenate(list(recording))[: round(arguments.seconds * 16000)]
    rows = len(signal) / model.spec.row_samples
    print(f"| block | {' | '.join(STAGES)} | us per row | real-time factor |")
    print(f"|---|{'---:|' * (len(STAGES) + 2)}")
    for name, size in BLOCKS.items():
        runs = [chain(model, signal, size) for _ in range(arguments.repeats)]
        least = np.min(runs, axis=0) / rows
        figures = " | ".join(f"{1e6 * spent:.1f}" for spent in (*least, least.sum()))
        factor = least.sum() * rows / len(signal) * 16000
        print(f"| {name}, {size} samples | {figures} | {factor:.4f} |")
    print(limit(model))


def chain(model: Model, signal: Signal, size: int) -> list[float]:
    """Processor seconds of each of `STAGES` over the whole signal."""
    spec = model.spec
    framer = IncrementalMfcc(spec.features, model.matrices, spec.network.block)
    network = StatefulLstm(
        spec.network, model.weights, spec.features.coefficients, len(spec.labels)
    )
    stream = Stream(model, network, framer)
    spent = np.zeros(len(STAGES))
    for start in range(0, len(signal), size):
        times = [time.thread_time()]
        pieces = list(stream.pieces(signal[start : start + size]))
        times.append(time.thread_time())
        windows, mfcc = framer.cut(pieces[0], stream.state.mfcc)
        times.append(time.thread_time())
        frames = Frames(framer.transform(windows.tapered), windows.power)
        times.append(time.thread_time())
        posteriors, state = network.step(frames.mfcc, stream.state.network)
        times.append(time.thread_time())
        stream.state = stream.state._replace(mfcc=mfcc, network=state)
        stream.decide(frames, posteriors)
        times.append(time.thread_time())
        spent += np.diff(times)
    return spent.tolist()


def limit(model: Model) -> str:
    """What the products of a row would take at the full speed of the core."""
    strides = np.cumprod([1, *(layer.stride for layer in model.spec.network.convolutions)])
    frames = model.spec.network.block // strides
    multiplications = 0
    for name, weights in model.weights.items():
        if weights.ndim == 2:
            kind, index = name.split(".")[:2]
            multiplications += weights.size * int(frames[int(index) + 1] if kind == "conv" else 1)
    square = np.ones((1024, 1024), np.float32)
    began = time.thread_time()
    for _ in range(10):
        square @ square
    speed = 10 * len(square) ** 3 / (time.thread_time() - began)
    stored = sum(weights.nbytes for weights in model.weights.values()) / 1e6
    return (
        f"\n{multiplications} multiplications per row, with {stored:.2f} MB of weights; in a large "
        f"product this core does {speed / 1e9:.0f} per ns: {1e6 * multiplications / speed:.1f} us"
    )


if __name__ == "__main__":
    main()
