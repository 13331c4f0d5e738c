"""Recurrent networks in torch that step along streams: the LSTM that ships, and its GRU sister."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kws.spotting.model_spec import Convolution, NetworkSpec

State = Any
"""Nested tuples of tensors, lanes first in all of them."""


class StreamNetwork(nn.Module, ABC):
    """A network that carries its state along streams."""

    spec: NetworkSpec

    @abstractmethod
    def initial_state(self, lanes: int) -> State:
        """The state of `lanes` streams before their first frame."""

    @abstractmethod
    def forward(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, F) frames, T a multiple of the block, to (B, T / block, K) logits.

        The state that is given back is detached: gradients end where a chunk begins.
        """

    @abstractmethod
    def exported(self) -> dict[str, npt.NDArray[np.floating]]:
        """The arrays that go into a model."""


class CausalConvolution(nn.Module):
    """Convolution over time, batch norm, ReLU; carries the ``kernel - stride`` frames before."""

    def __init__(self, inputs: int, spec: Convolution) -> None:
        super().__init__()
        self.context = spec.kernel - spec.stride
        self.inputs = inputs
        # The norm takes any bias away again; its gradient would be nothing but rounding errors.
        self.convolution = nn.Conv1d(inputs, spec.channels, spec.kernel, spec.stride, bias=False)
        self.norm = nn.BatchNorm1d(spec.channels, momentum=0.02)

    def forward(self, frames: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C) and (B, context, C) to (B, T / stride, channels) and the next context."""
        signal = torch.cat((context, frames), 1)
        output = self.norm(self.convolution(signal.transpose(1, 2))).relu().transpose(1, 2)
        return output, signal[:, signal.shape[1] - self.context :].detach()

    def folded(self) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
        """Weight (channels, kernel * inputs), oldest frame first, and bias, the norm folded in."""
        arrays = {name: _array(value) for name, value in self.state_dict().items()}
        scale = arrays["norm.weight"] / np.sqrt(arrays["norm.running_var"] + self.norm.eps)
        weight = arrays["convolution.weight"] * scale[:, None, None]
        bias = arrays["norm.bias"] - arrays["norm.running_mean"] * scale
        return weight.transpose(0, 2, 1).reshape(len(weight), -1), bias


class RecurrentNetwork(StreamNetwork):
    """Causal convolutions, then LSTM or GRU layers, then a linear head.

    With ``kind="lstm"`` it is the twin of `kws.spotting.lstm.StatefulLstm`; see `exported`.
    """

    def __init__(self, spec: NetworkSpec, features: int, labels: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.spec = spec
        self._features = features
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
            self._open_forget_gates()

    def _open_forget_gates(self) -> None:
        """Let the first gradients through time (Gers et al. 2000, bias 1)."""
        parameters = dict(self.named_parameters())
        for index, hidden in enumerate(self.spec.layers):
            parameters[f"layers.{index}.bias_ih_l0"].data[hidden : 2 * hidden] = 1.0
            parameters[f"layers.{index}.bias_hh_l0"].data[hidden : 2 * hidden] = 0.0

    def initial_state(self, lanes: int) -> State:
        """Zeros: contexts (B, kernel - stride, C) of the convolutions, then h (and c) per layer."""
        weight = self.head.weight
        contexts = []
        width = self._features
        for layer in self.spec.convolutions:
            contexts.append(weight.new_zeros((lanes, layer.kernel - layer.stride, width)))
            width = layer.channels
        count = 2 if self.spec.kind == "lstm" else 1
        recurrent = tuple(
            tuple(weight.new_zeros((lanes, size)) for _ in range(count))
            for size in self.spec.layers
        )
        return tuple(contexts), recurrent

    def forward(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """See `StreamNetwork.forward`."""
        contexts, recurrent = [], []
        signal = frames
        for convolution, context in zip(self.convolutions, state[0], strict=True):
            signal, context = convolution(signal, context)
            contexts.append(context)
        for index, (layer, held) in enumerate(zip(self.layers, state[1], strict=True)):
            inner = tuple(part[None].contiguous() for part in held)
            output, left = layer(self.dropout(signal), inner if len(inner) == 2 else inner[0])
            left = left if len(inner) == 2 else (left,)
            recurrent.append(tuple(part[0].detach() for part in left))
            signal = signal + output if self.spec.residual and index else output
        return self.head(self.dropout(signal)), (tuple(contexts), tuple(recurrent))

    def exported(self) -> dict[str, npt.NDArray[np.floating]]:
        """The arrays that `StatefulLstm` takes: batch norm folded in, both biases added.

        A GRU keeps torch's names.
        """
        parameters = {name: _array(value) for name, value in self.state_dict().items()}
        if self.spec.kind != "lstm":
            return parameters
        arrays: dict[str, npt.NDArray[np.floating]] = {}
        for index, convolution in enumerate(self.convolutions):
            if isinstance(convolution, CausalConvolution):
                arrays[f"conv.{index}.weight"], arrays[f"conv.{index}.bias"] = convolution.folded()
        for index in range(len(self.spec.layers)):
            of_layer = f"layers.{index}."
            arrays[f"lstm.{index}.weight_ih"] = parameters[of_layer + "weight_ih_l0"]
            arrays[f"lstm.{index}.weight_hh"] = parameters[of_layer + "weight_hh_l0"]
            arrays[f"lstm.{index}.bias"] = (
                parameters[of_layer + "bias_ih_l0"] + parameters[of_layer + "bias_hh_l0"]
            )
        return arrays | {name: parameters[name] for name in ("head.weight", "head.bias")}


def map_state(function: Callable[..., Any], *states: State) -> State:
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


def _array(tensor: Tensor) -> npt.NDArray[np.floating]:
    return tensor.detach().double().cpu().numpy()
