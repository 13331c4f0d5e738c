"""How much processor time each step of the chain takes."""

import time
from collections.abc import Callable, Iterable

from kws.audio.microphone import BLOCK_SECONDS
from kws.benchmark.figures import Factors
from kws.samples import RATE, Samples
from kws.spotting.lstm import StatefulLstm
from kws.spotting.mfcc import Array, IncrementalMfcc
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter

ROUNDS = 10


def measure_factors(model: Model, samples: Samples, rounds: int = ROUNDS) -> Factors:
    """Real-time factors of `model` on `samples` (N,).

    The steps take turns, and of all rounds the least counts: whatever else the machine does can
    only add to it.
    """
    spec = model.spec
    size = round(BLOCK_SECONDS * RATE)
    blocks = [samples[start : start + size] for start in range(0, len(samples), size)]
    mfcc = IncrementalMfcc(spec.features, model.matrices, spec.network.block)
    frames = _frames(mfcc, blocks)
    network = StatefulLstm(
        spec.network, model.weights, spec.features.coefficients, len(spec.labels)
    )
    spotter = Spotter(model)

    def run_network() -> None:
        state = network.initial_state()
        for block in frames:
            _, state = network.step(block, state)

    steps: list[Callable[[], object]] = [
        lambda: _frames(mfcc, blocks),
        run_network,
        lambda: [spotter.feed(block) for block in blocks],
    ]
    least = [min(times) for times in zip(*(map(_timed, steps) for _ in range(rounds)), strict=True)]
    seconds = len(samples) / RATE
    mfcc_factor, network_factor, whole = (round(spent / seconds, 6) for spent in least)
    return Factors(
        mfcc=mfcc_factor,
        network=network_factor,
        decision=round(max(0.0, whole - mfcc_factor - network_factor), 6),
        whole=whole,
    )


def _frames(mfcc: IncrementalMfcc, blocks: Iterable[Samples]) -> list[Array]:
    """The MFCC that each block completes."""
    state, completed = mfcc.initial_state(), []
    for block in blocks:
        frames, state = mfcc.step(block, state)
        completed.append(frames.mfcc)
    return completed


def _timed(step: Callable[[], object]) -> float:
    """Processor seconds of this thread."""
    begin = time.thread_time()
    step()
    return time.thread_time() - begin
