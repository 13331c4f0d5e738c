"""Trained networks side by side: size, multiplications, clips, misses at equal false alarms.

    kws eval DATA --model runs/gru --negatives ... --json > runs/gru/figures.json   (for each)
    python -m studies.compare_models runs/default runs/gru runs/tcn

Prints a table in Markdown.  A clip model that `kws eval --teacher` measured along with a model has
rows of its own.
"""

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
import torch
from torch import Tensor, nn

from kws.evaluation.results import Evaluation, StreamResult
from kws.spotting.model import load_model
from kws.spotting.model_spec import ModelSpec
from kws.training.baselines import build_network

FIGURES = "figures.json"
HEADER = (
    "| network | steps | parameters | multiplications per second | clips right "
    "| missed, near silence, at 0.5 / 2 / 10 FA/h | missed, 10 dB noise, at 0.5 / 2 / 10 FA/h |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "models", nargs="+", type=Path, metavar="MODEL", help=f"model folder with {FIGURES}"
    )
    print(HEADER)
    for folder in parser.parse_args().models:
        for row in rows(folder):
            print("| " + " | ".join(row) + " |")


def rows(folder: Path) -> Iterator[list[str]]:
    """Cells of a model, then of every other listener on the same streams."""
    spec = load_model(folder).spec
    measured = msgspec.json.decode((folder / FIGURES).read_bytes(), type=Evaluation)
    yield [
        folder.name,
        f"{spec.training['steps']:,}",
        f"{measured.model.parameters:,}",
        f"{multiplications(spec) / 1e6:.1f} M",
        f"{measured.clips.accuracy:.1%}",
        *_misses(measured, spec.name),
    ]
    for listener in sorted({row.listener for row in measured.streams} - {spec.name}):
        yield [listener, "", "", "", "", *_misses(measured, listener)]


def multiplications(spec: ModelSpec) -> float:
    """Multiplications of a network per second of sound, without those of the MFCC."""
    network = build_network(spec.network, spec.features.coefficients, len(spec.labels)).eval()
    count = 0

    def convolved(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal count
        assert isinstance(layer, nn.Conv1d | nn.Conv2d)
        count += output.numel() * layer.weight[0].numel()

    def multiplied(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal count
        assert isinstance(layer, nn.Linear)
        count += output.numel() * layer.in_features

    def stepped(layer: nn.Module, _: object, output: tuple[Tensor, object]) -> None:
        nonlocal count
        assert isinstance(layer, nn.RNNBase)
        matrices = sum(p.numel() for n, p in layer.named_parameters() if n.startswith("weight"))
        # Beside its matrices each unit multiplies gates with the cell or the candidate.
        gates = 3 * layer.hidden_size
        count += output[0].shape[1] * (matrices + gates)

    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            layer.register_forward_hook(convolved)
        elif isinstance(layer, nn.Linear):
            layer.register_forward_hook(multiplied)
        elif isinstance(layer, nn.RNNBase):
            layer.register_forward_hook(stepped)
    frames = math.lcm(spec.network.block, spec.features.sample_rate // spec.features.hop)
    with torch.no_grad():
        network(torch.zeros(1, frames, spec.features.coefficients), network.initial_state(1))
    return count * spec.features.sample_rate / (frames * spec.features.hop)


def _misses(measured: Evaluation, listener: str) -> list[str]:
    streams = {row.stream: row for row in measured.streams if row.listener == listener}
    return [_readings(streams[name]) if name in streams else "" for name in ("clean", "10 dB")]


def _readings(stream: StreamResult) -> str:
    if stream.against_speech is None:
        return ""
    rates = [reading.miss_rate for reading in stream.against_speech.readings]
    return " / ".join("never" if rate is None else f"{rate:.1%}" for rate in rates)


if __name__ == "__main__":
    main()
