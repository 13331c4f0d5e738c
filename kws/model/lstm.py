"""The network in plain numpy: frames and a state in, posteriors and the next state out."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kws.errors import ModelError
from kws.features.matrices import LARGEST_VALUE
from kws.model.spec import Convolution, NetworkSpec

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
    """All that the network remembers of a stream.  A value: `step` returns a new one."""

    contexts: tuple[Array, ...]
    """Per convolution, its last ``kernel - stride`` input frames (see `StatefulLstm`)."""
    hidden: tuple[Array, ...]
    """Per recurrent layer, h (H,)."""
    cell: tuple[Array, ...]
    """Per recurrent layer, c (H,)."""


class StatefulLstm:
    """Causal convolutions, LSTM layers and a softmax, stepped along an endless stream.

    The recurrence is that of `torch.nn.LSTM`, gates in the order i, f, g, o, with both biases
    added into one.  A convolution of stride s takes s new frames to give one, and carries the
    ``kernel - s`` frames before them as its context; before the first frame of a stream the
    context is zeros, which is the mean of normalised features.

    Frames are always computed one block at a time, so any cut gives the same bits.
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
        self._inputs = [features, *(layer.channels for layer in spec.convolutions)]
        # Transposed once, so that a step is `row @ matrix` over contiguous memory.
        self._convolutions = [
            (layer, _contiguous(weights[f"conv.{i}.weight"].T), weights[f"conv.{i}.bias"])
            for i, layer in enumerate(spec.convolutions)
        ]
        self._layers = [
            (_fused(weights, layer), _sigmoids_first(weights[f"lstm.{layer}.bias"]))
            for layer in range(len(spec.layers))
        ]
        self._head = _contiguous(weights["head.weight"].T)
        self._head_bias = weights["head.bias"]
        self._dtype = self._head.dtype

    def initial_state(self) -> LstmState:
        """The state before the first frame: zeros."""
        return LstmState(
            contexts=tuple(
                np.zeros((layer.kernel - layer.stride, width), self._dtype)
                for layer, width in zip(self.spec.convolutions, self._inputs, strict=False)
            ),
            hidden=tuple(np.zeros(size, self._dtype) for size in self.spec.layers),
            cell=tuple(np.zeros(size, self._dtype) for size in self.spec.layers),
        )

    def step(self, frames: Array, state: LstmState) -> tuple[Array, LstmState]:
        """Take normalised frames (T, F), T a multiple of the block.

        Returns:
            posteriors (T / block, K), each row adding up to 1, and the state after them.
        """
        block = self.spec.block
        posteriors = np.empty((len(frames) // block, len(self._head_bias)), self._dtype)
        for row in range(len(posteriors)):
            posteriors[row], state = self._row(frames[row * block : (row + 1) * block], state)
        return posteriors, state

    def _row(self, frames: Array, state: LstmState) -> tuple[Array, LstmState]:
        """One block of frames to one row of posteriors."""
        contexts = []
        for (layer, weight, bias), context in zip(self._convolutions, state.contexts, strict=True):
            frames, context = _convolve(layer, weight, bias, frames, context)
            contexts.append(context)
        signal = frames[0]
        hidden, cell = [], []
        for index, (weight, bias) in enumerate(self._layers):
            h, c = _lstm_step(weight, bias, signal, state.hidden[index], state.cell[index])
            hidden.append(h)
            cell.append(c)
            signal = signal + h if self.spec.residual and index else h
        return (
            _softmax(signal @ self._head + self._head_bias),
            LstmState(tuple(contexts), tuple(hidden), tuple(cell)),
        )


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
    """Causal convolution and ReLU: (T, in) to (T / stride, channels), and the next context."""
    signal = np.concatenate((context, frames))
    count = len(frames) // layer.stride
    windows = np.stack(
        [signal[i * layer.stride :][: layer.kernel].reshape(-1) for i in range(count)]
    )
    output = np.maximum(windows @ weight + bias, 0)
    return output, signal[count * layer.stride :]


def _lstm_step(
    weight: Array, bias: Array, signal: Array, hidden: Array, cell: Array
) -> tuple[Array, Array]:
    """One step of one layer; gates lie in the order i, f, o, g (see `_sigmoids_first`)."""
    size = len(hidden)
    gates = np.concatenate((signal, hidden)) @ weight + bias
    squashed = np.tanh(gates)
    sigmoid = 0.5 * squashed[: 3 * size] + 0.5
    new_cell = sigmoid[size : 2 * size] * cell + sigmoid[:size] * squashed[3 * size :]
    return sigmoid[2 * size :] * np.tanh(new_cell), new_cell


def _fused(weights: Weights, layer: int) -> Array:
    """(I + H, 4H): both products of a layer in one, for a row (input, hidden)."""
    both = np.concatenate(
        (weights[f"lstm.{layer}.weight_ih"], weights[f"lstm.{layer}.weight_hh"]), axis=1
    )
    return _contiguous(_sigmoids_first(both).T)


def _sigmoids_first(gates: Array) -> Array:
    """Reorder (4H, ...) from i, f, g, o to i, f, o, g, the sigmoid gates halved.

    sigmoid(x) = (tanh(x / 2) + 1) / 2, so one tanh serves all four gates.
    """
    i, f, g, o = np.split(gates, 4)
    return np.concatenate((0.5 * i, 0.5 * f, 0.5 * o, g))


def _softmax(logits: Array) -> Array:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


def _contiguous(array: Array) -> Array:
    return np.ascontiguousarray(array)
