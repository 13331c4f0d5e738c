"""The network in plain numpy: frames and a state in, posteriors and the next state out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from kws.errors import ModelError
from kws.spotting.matrices import LARGEST_VALUE
from kws.spotting.model_spec import Convolution, NetworkSpec

Array = npt.NDArray[np.floating]
Weights = dict[str, Array]


class Engine(Protocol):
    """What turns frames into posteriors; its state is a value that it never keeps."""

    def initial_state(self) -> Any:
        """The state before the first frame of a stream."""

    def step(self, frames: Array, state: Any) -> tuple[Array, Any]:
        """Take frames (T, F), T a multiple of the block; give back posteriors (T / block, K)."""


@dataclass(frozen=True, slots=True, eq=False)
class LstmState:
    """All that the network remembers of some streams.  A value: `step` returns a new one."""

    contexts: tuple[Array, ...]
    """Per convolution, the last ``kernel - stride`` input frames (lanes, frames, features)."""
    hidden: tuple[Array, ...]
    """Per recurrent layer, h (lanes, H)."""
    cell: tuple[Array, ...]
    """Per recurrent layer, c (lanes, H)."""

    @classmethod
    def side_by_side(cls, states: Sequence[Self]) -> Self:
        """The states of several streams as one."""
        return cls(
            *(
                tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))
                for parts in zip(*((s.contexts, s.hidden, s.cell) for s in states), strict=True)
            )
        )

    def lane(self, index: int) -> Self:
        """The state of one of the streams."""
        return type(self)(
            *(
                tuple(array[index : index + 1] for array in part)
                for part in (self.contexts, self.hidden, self.cell)
            )
        )


class StatefulLstm:
    """Causal convolutions, LSTM layers and a softmax, stepped along endless streams.

    The recurrence is that of `torch.nn.LSTM`, gates in the order i, f, g, o, with both biases
    added into one.  A convolution of stride s takes s new frames to give one, and carries the
    ``kernel - s`` frames before them as its context; before the first frame of a stream the
    context is zeros, which is the mean of normalised features.

    Each layer runs over all frames of a call before the next does, so its weights stay in the
    cache.  Products of different shapes differ in their last bits; here each product has one row
    per lane, whatever the number of frames, so any cut gives the same bits.
    """

    def __init__(self, spec: NetworkSpec, weights: Weights, features: int, labels: int) -> None:
        """Take `weights` of the shapes that `weight_shapes` names, in one float type.

        Raises:
            ModelError: the kind of network is not an LSTM, or a shape or type does not fit.
        """
        if spec.kind != "lstm":
            raise ModelError(
                f"network.kind is {spec.kind!r}, a baseline that only `kws eval` runs; "
                "kws listens with 'lstm'"
            )
        check_weights(spec, weights, features, labels)
        self.spec = spec
        # Transposed once, so that a step is `row @ matrix` over contiguous memory.
        self._convolutions = [
            (layer, _contiguous(weights[f"conv.{i}.weight"].T), weights[f"conv.{i}.bias"])
            for i, layer in enumerate(spec.convolutions)
        ]
        self._layers = [_LstmLayer.of(weights, layer) for layer in range(len(spec.layers))]
        self._head = _contiguous(weights["head.weight"].T)
        self._head_bias = weights["head.bias"]
        self._inputs = [features, *(layer.channels for layer in spec.convolutions)]

    def initial_state(self, lanes: int = 1) -> LstmState:
        """The state of `lanes` streams before their first frame: zeros."""
        dtype = self._head.dtype
        sizes = self.spec.layers
        return LstmState(
            contexts=tuple(
                np.zeros((lanes, layer.kernel - layer.stride, width), dtype)
                for layer, width in zip(self.spec.convolutions, self._inputs, strict=False)
            ),
            hidden=tuple(np.zeros((lanes, size), dtype) for size in sizes),
            cell=tuple(np.zeros((lanes, size), dtype) for size in sizes),
        )

    def step(self, frames: Array, state: LstmState) -> tuple[Array, LstmState]:
        """Take normalised frames (T, F) of one stream, T a multiple of the block.

        Returns:
            posteriors (T / block, K), each row adding up to 1, and the state after them.
        """
        posteriors, state = self.step_lanes(frames[None], state)
        return posteriors[0], state

    def step_lanes(self, frames: Array, state: LstmState) -> tuple[Array, LstmState]:
        """Take frames (lanes, T, F) of as many streams, give back (lanes, T / block, K) and state.

        No stream has an influence on another, and the bits depend on the number of lanes only.
        """
        signal, contexts = frames.astype(self._head.dtype, copy=False), []
        for convolution, context in zip(self._convolutions, state.contexts, strict=True):
            signal, context = _convolve(*convolution, signal, context)
            contexts.append(context)
        signal = signal.swapaxes(0, 1)  # time first, as the recurrence goes
        hidden, cell = [], []
        for index, layer in enumerate(self._layers):
            output, h, c = layer.run(signal, state.hidden[index], state.cell[index])
            hidden.append(h)
            cell.append(c)
            signal = signal + output if self.spec.residual and index else output
        posteriors = _softmax(signal @ self._head + self._head_bias)
        return posteriors.swapaxes(0, 1), LstmState(tuple(contexts), tuple(hidden), tuple(cell))


@dataclass(frozen=True, slots=True, eq=False)
class _LstmLayer:
    """One recurrent layer; its gates lie in the order i, f, o, g (see `_sigmoids_first`)."""

    from_input: Array
    """(I, 4H)"""
    from_hidden: Array
    """(H, 4H)"""
    bias: Array
    """(4H,)"""

    @classmethod
    def of(cls, weights: Weights, layer: int) -> Self:
        return cls(
            _contiguous(_sigmoids_first(weights[f"lstm.{layer}.weight_ih"]).T),
            _contiguous(_sigmoids_first(weights[f"lstm.{layer}.weight_hh"]).T),
            _sigmoids_first(weights[f"lstm.{layer}.bias"]),
        )

    def run(self, signal: Array, hidden: Array, cell: Array) -> tuple[Array, Array, Array]:
        """(T, lanes, I) to outputs (T, lanes, H), and the last hidden and cell state."""
        lanes, size = hidden.shape
        inputs = signal @ self.from_input + self.bias
        outputs = np.empty((len(signal), lanes, size), signal.dtype)
        # All steps work in the same memory, and the views into it are made once.
        gates = np.empty((lanes, 4 * size), signal.dtype)
        sigmoids = gates[:, : 3 * size]
        take, keep, give, candidate = (
            gates[:, start : start + size] for start in range(0, 4 * size, size)
        )
        for step, output in zip(inputs, outputs, strict=True):
            np.dot(hidden, self.from_hidden, out=gates)
            gates += step
            np.tanh(gates, out=gates)
            sigmoids *= 0.5
            sigmoids += 0.5
            candidate *= take
            cell = cell * keep
            cell += candidate
            hidden = np.tanh(cell, out=output)
            hidden *= give
        return outputs, hidden, cell


def weight_shapes(spec: NetworkSpec, features: int, labels: int) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of an LSTM of this structure.

    A convolution's weight is (channels, kernel * inputs), oldest frame first.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    width = features
    for index, layer in enumerate(spec.convolutions):
        shapes[f"conv.{index}.weight"] = (layer.channels, layer.kernel * width)
        shapes[f"conv.{index}.bias"] = (layer.channels,)
        width = layer.channels
    for index, size in enumerate(spec.layers):
        shapes[f"lstm.{index}.weight_ih"] = (4 * size, width)
        shapes[f"lstm.{index}.weight_hh"] = (4 * size, size)
        shapes[f"lstm.{index}.bias"] = (4 * size,)
        width = size
    shapes["head.weight"] = (labels, width)
    shapes["head.bias"] = (labels,)
    return shapes


def check_weights(spec: NetworkSpec, weights: Weights, features: int, labels: int) -> None:
    """Raise `ModelError` naming the first array that is missing, unknown or ill-shaped."""
    shapes = weight_shapes(spec, features, labels)
    for name in sorted(weights.keys() - shapes.keys()):
        raise ModelError(f"weights hold {name}, which the network fields do not ask for")
    for name, shape in shapes.items():
        if name not in weights:
            raise ModelError(f"weights lack {name}, which the network fields ask for")
        array = weights[name]
        if array.shape != shape:
            raise ModelError(f"{name} has shape {array.shape}, the network fields ask for {shape}")
        if array.dtype not in (np.float32, np.float64):
            raise ModelError(f"{name} is of type {array.dtype}, it must be float32 or float64")
        if not (np.abs(array) <= LARGEST_VALUE).all():
            raise ModelError(f"{name} holds values that are NaN or beyond {LARGEST_VALUE:g}")


def _convolve(
    layer: Convolution, weight: Array, bias: Array, frames: Array, context: Array
) -> tuple[Array, Array]:
    """Causal convolution and ReLU: (lanes, T, in) to (lanes, T / stride, channels), and context."""
    signal = np.concatenate((context, frames), axis=1)
    lanes, _, width = signal.shape
    count = frames.shape[1] // layer.stride
    lane, frame, value = signal.strides
    windows = np.ndarray(
        (count, lanes, layer.kernel * width),
        signal.dtype,
        signal.data,
        strides=(layer.stride * frame, lane, value),
    )
    output = np.empty((lanes, count, layer.channels), signal.dtype)
    np.matmul(windows, weight, out=output.swapaxes(0, 1))
    output += bias
    np.maximum(output, 0, out=output)
    return output, signal[:, count * layer.stride :]


def _sigmoids_first(gates: Array) -> Array:
    """Reorder (4H, ...) from i, f, g, o to i, f, o, g, the sigmoid gates halved.

    sigmoid(x) = (tanh(x / 2) + 1) / 2, so one tanh serves all four gates.
    """
    i, f, g, o = np.split(gates, 4)
    return np.concatenate((0.5 * i, 0.5 * f, 0.5 * o, g))


def _softmax(logits: Array) -> Array:
    exponentials: Array = np.exp(logits - logits.max(axis=-1, keepdims=True))
    posteriors: Array = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return posteriors


def _contiguous(array: Array) -> Array:
    return np.ascontiguousarray(array)
