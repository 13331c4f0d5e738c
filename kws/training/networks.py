"""Networks in torch that step along streams: the LSTM that ships, and what it is compared with."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kws.model.spec import Convolution, NetworkSpec

State = Any
"""Nested tuples of tensors, lanes first in all of them."""


class StreamNetwork(Protocol):
    """A network that carries its state: frames in, logits and the next state out."""

    def initial_state(self, lanes: int) -> State:
        """The state of `lanes` streams before their first frame."""

    def __call__(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, F) frames to (B, T / block, K) logits."""


class CausalConvolution(nn.Module):
    """Convolution over time, batch norm, ReLU; carries the ``kernel - stride`` frames before."""

    def __init__(self, inputs: int, spec: Convolution) -> None:
        super().__init__()
        self.context = spec.kernel - spec.stride
        self.inputs = inputs
        self.convolution = nn.Conv1d(inputs, spec.channels, spec.kernel, spec.stride)
        self.norm = nn.BatchNorm1d(spec.channels, momentum=0.02)

    def forward(self, frames: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C) and (B, context, C) to (B, T / stride, channels) and the next context."""
        signal = torch.cat((context, frames), 1)
        output = self.norm(self.convolution(signal.transpose(1, 2))).relu().transpose(1, 2)
        return output, signal[:, signal.shape[1] - self.context :].detach()

    def folded(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Weight (channels, kernel * inputs), oldest frame first, and bias, the norm folded in."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        weight = self.convolution.weight * scale[:, None, None]
        bias = (self.convolution.bias - self.norm.running_mean) * scale + self.norm.bias
        flat = weight.permute(0, 2, 1).flatten(1)
        return flat.detach().double().numpy(), bias.detach().double().numpy()


class RecurrentNetwork(nn.Module):
    """Causal convolutions, then LSTM or GRU layers, then a linear head.

    With ``kind="lstm"`` it is the twin of `kws.model.lstm.StatefulLstm`; see `exported`.
    """

    def __init__(self, spec: NetworkSpec, features: int, labels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.spec = spec
        widths = [features, *(layer.channels for layer in spec.convolutions)]
        self.convolutions = nn.ModuleList(
            CausalConvolution(width, layer)
            for width, layer in zip(widths, spec.convolutions, strict=False)
        )
        sizes = [widths[-1], *spec.layers]
        kind = nn.LSTM if spec.kind == "lstm" else nn.GRU
        self.layers = nn.ModuleList(
            kind(size, hidden, batch_first=True)
            for size, hidden in zip(sizes, spec.layers, strict=False)
        )
        self.head = nn.Linear(sizes[-1], labels)
        self.dropout = nn.Dropout(dropout)
        if spec.kind == "lstm":
            for layer, hidden in zip(self.layers, spec.layers, strict=True):
                # A forget gate that starts open lets the first gradients through time.
                layer.bias_ih_l0.data[hidden : 2 * hidden] = 1.0
                layer.bias_hh_l0.data[hidden : 2 * hidden] = 0.0

    def initial_state(self, lanes: int) -> State:
        """Zeros: contexts (B, kernel - stride, C) of the convolutions, then h (and c) per layer."""
        parameter = self.head.weight
        contexts = tuple(parameter.new_zeros(lanes, c.context, c.inputs) for c in self.convolutions)
        count = 2 if self.spec.kind == "lstm" else 1
        recurrent = tuple(
            tuple(parameter.new_zeros(lanes, size) for _ in range(count))
            for size in self.spec.layers
        )
        return contexts, recurrent

    def forward(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, F) frames, T a multiple of the block, to (B, T / block, K) logits."""
        contexts, recurrent = [], []
        signal = frames
        for convolution, context in zip(self.convolutions, state[0], strict=True):
            signal, context = convolution(signal, context)
            contexts.append(context)
        for index, (layer, held) in enumerate(zip(self.layers, state[1], strict=True)):
            inner = tuple(part[None].contiguous() for part in held)
            output, left = layer(
                self.dropout(signal), inner if self.spec.kind == "lstm" else inner[0]
            )
            left = left if self.spec.kind == "lstm" else (left,)
            recurrent.append(tuple(part[0].detach() for part in left))
            signal = signal + output if self.spec.residual and index else output
        return self.head(self.dropout(signal)), (tuple(contexts), tuple(recurrent))

    def exported(self) -> dict[str, npt.NDArray[np.float64]]:
        """The arrays that `StatefulLstm` takes: batch norm folded in, both biases added."""
        arrays = {}
        for index, convolution in enumerate(self.convolutions):
            weight, bias = convolution.folded()
            arrays |= {f"conv.{index}.weight": weight, f"conv.{index}.bias": bias}
        for index, layer in enumerate(self.layers):
            arrays[f"lstm.{index}.weight_ih"] = _array(layer.weight_ih_l0)
            arrays[f"lstm.{index}.weight_hh"] = _array(layer.weight_hh_l0)
            arrays[f"lstm.{index}.bias"] = _array(layer.bias_ih_l0) + _array(layer.bias_hh_l0)
        arrays |= {"head.weight": _array(self.head.weight), "head.bias": _array(self.head.bias)}
        return arrays


def map_state(function: Any, *states: State) -> State:
    """Apply `function` to the matching tensors of nested tuples."""
    if isinstance(states[0], Tensor):
        return function(*states)
    return tuple(map_state(function, *parts) for parts in zip(*states, strict=True))


def reset_lanes(state: State, fresh: State, chosen: Tensor) -> State:
    """`state` with the lanes marked in `chosen` (B,) taken from `fresh`."""

    def pick(old: Tensor, new: Tensor) -> Tensor:
        return torch.where(chosen.view(-1, *[1] * (old.dim() - 1)), new, old)

    return map_state(pick, state, fresh)


def count_parameters(network: nn.Module) -> int:
    """Trained numbers of a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def _array(tensor: Tensor) -> npt.NDArray[np.float64]:
    return tensor.detach().double().cpu().numpy()
