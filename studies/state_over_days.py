"""Does the hidden state go stale?  A day through one state, against fresh state every 10 s.

    python -m studies.state_over_days SPEECH_COMMANDS --negatives DIR --noise DIR \\
        [--model NAME|DIR] [--part validation] [--hours 24] [--threshold X] [--json FILE] \\
        [--plot PNG]

The testing part of the recordings (speakers and noise never trained on) is strung together to a
day of talk, noise and near silence with a keyword every minute (see `day_of_audio.py`).  Two
spotters hear it at the same time: one is never reset, the other is every 10 s.  Keywords within
1.5 s of a reset are left out of both counts.
"""

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from kws.evaluation.materials import Folders, read_material
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.spotting.lstm import Array, LstmState, StatefulLstm
from kws.spotting.model import Model, load_model
from kws.spotting.spotter import Samples, Spotter
from studies.day_of_audio import Days, Scene
from studies.state_comparison import HOUR, Heard, Layer, compare
from studies.state_report import draw, tables

WATCH = RATE // 5
"""Samples from one look at the state to the next."""


class WatchedLstm:
    """The shipped network, with an eye on the state after every call."""

    def __init__(self, model: Model) -> None:
        spec = model.spec
        self._network = StatefulLstm(
            spec.network, model.weights, spec.features.coefficients, len(spec.labels)
        )
        self._sizes: list[list[tuple[float, float, float]]] = []
        """Per call and layer: mean |c|, mean |h|, largest |c|."""

    def initial_state(self) -> LstmState:
        """The state before the first frame."""
        return self._network.initial_state()

    def step(self, frames: Array, state: LstmState) -> tuple[Array, LstmState]:
        """The same as that of `StatefulLstm`."""
        posteriors, state = self._network.step(frames, state)
        layers = zip(map(np.abs, state.cell), map(np.abs, state.hidden), strict=True)
        self._sizes.append([(c.mean(), h.mean(), c.max()) for c, h in layers])
        return posteriors, state

    def take(self) -> list[Layer]:
        """Sizes of each layer's state since the last call; there must have been a step."""
        cell, hidden, largest = np.array(self._sizes, np.float64).transpose(2, 1, 0)
        self._sizes = []
        means = cell.mean(axis=1).tolist(), hidden.mean(axis=1).tolist()
        return [Layer(*sizes) for sizes in zip(*means, largest.max(axis=1).tolist(), strict=True)]


def hear(
    scenes: Iterable[Scene], model: Model, period: int, threshold: float | None = None
) -> Heard:
    """Play `scenes` to two spotters; the second is reset every `period` samples.

    Args:
        threshold: of the first spotter's words; by default those of the model.
    """
    watched = WatchedLstm(model)
    unbroken, broken = Spotter(model, thresholds=threshold, engine=watched), Spotter(model)
    heard = Heard()
    for scene in scenes:
        if scene.start // HOUR > len(heard.state):
            heard.state.append(watched.take())
            print(f"{scene.start / HOUR:.0f} h heard", flush=True)
        for start in range(0, len(scene.samples), WATCH):
            heard.unbroken += unbroken.feed(scene.samples[start : start + WATCH])
        heard.broken += feed_with_resets(broken, scene.samples, period)
        heard.placements += scene.placements
        heard.scenes.append((scene.start, scene.kind))
    heard.state.append(watched.take())
    heard.length = unbroken.stream.position
    return heard


def feed_with_resets(spotter: Spotter, samples: Samples, period: int) -> Iterator[Detection]:
    """Feed `samples`, with fresh state at every position that is a multiple of `period`."""
    while len(samples):
        until_reset = period - spotter.stream.position % period
        yield from spotter.feed(samples[:until_reset])
        samples = samples[until_reset:]
        if spotter.stream.position % period == 0:
            spotter.stream.reset("timer")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folders of words, as in Speech Commands")
    parser.add_argument("--negatives", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--noise", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--model")
    parser.add_argument(
        "--part", choices=("validation", "testing"), default="testing", help="of the recordings"
    )
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--threshold", type=float, help="of the unbroken spotter alone")
    parser.add_argument("--spacing", type=float, default=60, help="seconds between keywords")
    parser.add_argument("--reset", type=float, default=10, help="seconds between resets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    model = load_model(arguments.model)
    folders = Folders(arguments.data, tuple(arguments.negatives), (), tuple(arguments.noise))
    material = read_material(folders, arguments.part, model.words)
    days = Days(material, model.words, arguments.spacing, arguments.seed)
    period = round(arguments.reset * RATE)
    heard = hear(days.scenes(arguments.hours), model, period, arguments.threshold)
    report = compare(heard, model, period, arguments.seed)
    print(tables(report))
    if arguments.json:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
    if arguments.plot:
        draw(report, arguments.plot)


if __name__ == "__main__":
    main()
