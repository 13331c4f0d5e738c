"""Convolutional networks that step along streams, to compare the LSTM with."""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from kws.errors import ConfigError
from kws.spotting.model_spec import Convolution, NetworkSpec
from kws.training.networks import CausalConvolution, RecurrentNetwork, State, StreamNetwork

_DILATIONS = (1, 2, 4, 8)
_POOL_ROWS = 25
_BC_WIDTHS = ((8, 2), (12, 2), (16, 4), (20, 4))
_BC_BANDS = 5


def build_network(
    spec: NetworkSpec, features: int, labels: int, dropout: float = 0.0
) -> StreamNetwork:
    """The network that a spec asks for.

    Raises:
        ConfigError: there is no network of that kind here.
    """
    if spec.kind in ("lstm", "gru"):
        return RecurrentNetwork(spec, features, labels, dropout)
    if spec.kind == "tcn":
        return TemporalNetwork(spec, features, labels, dropout)
    if spec.kind == "bcresnet":
        return BroadcastNetwork(spec, features, labels, dropout)
    raise ConfigError(f"network.kind is {spec.kind!r}, which cannot be trained")


class _Convolutional(StreamNetwork):
    """What the convolutional networks share: their state, and torch's own names in a model."""

    _shapes: list[tuple[int, ...]]
    """What each carried context looks like, without lanes."""

    def initial_state(self, lanes: int) -> State:
        """Zeros for every context."""
        some = next(self.parameters())
        return tuple(some.new_zeros((lanes, *shape)) for shape in self._shapes)

    def exported(self) -> dict[str, npt.NDArray[np.floating]]:
        """All parameters and statistics."""
        return {
            name: value.detach().double().cpu().numpy()
            for name, value in self.state_dict().items()
            if value.is_floating_point()
        }


class TemporalNetwork(_Convolutional):
    """A temporal CNN: dilated causal depthwise convolutions with residual connections.

    After TC-ResNet and TENet (Li et al. 2020, arXiv 2010.09960): over 1.3 s of the past.
    """

    _KERNEL = 7

    def __init__(self, spec: NetworkSpec, features: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.spec = spec
        width = spec.layers[0]
        entry = Convolution(channels=width, kernel=spec.block + 3, stride=spec.block)
        self.entry = CausalConvolution(features, entry)
        self.blocks = nn.ModuleList(
            _TemporalBlock(width, self._KERNEL, dilation) for dilation in _DILATIONS
        )
        self.head = nn.Linear(width, labels)
        self.dropout = nn.Dropout(dropout)
        self._shapes = [(self.entry.context, features)]
        self._shapes += [(width, (self._KERNEL - 1) * dilation) for dilation in _DILATIONS]

    def forward(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """See `StreamNetwork.forward`."""
        signal, context = self.entry(frames, state[0])
        contexts = [context]
        signal = signal.transpose(1, 2)
        for block, held in zip(self.blocks, state[1:], strict=True):
            signal, context = block(signal, held)
            contexts.append(context)
        return self.head(self.dropout(signal.transpose(1, 2))), tuple(contexts)


class _TemporalBlock(nn.Module):
    """Widen by a half, look back in time channel by channel, narrow, add."""

    def __init__(self, width: int, kernel: int, dilation: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, dilation=dilation, groups=width)
        self.pointwise = nn.Sequential(
            nn.BatchNorm1d(width),
            nn.Conv1d(width, 2 * width, 1),
            nn.BatchNorm1d(2 * width),
            nn.ReLU(),
            nn.Conv1d(2 * width, width, 1),
            nn.BatchNorm1d(width),
        )

    def forward(self, signal: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, T) and (B, C, context) to the same shapes."""
        longer = torch.cat((context, signal), 2)
        output = (signal + self.pointwise(self.depthwise(longer))).relu()
        return output, longer[:, :, longer.shape[2] - context.shape[2] :].detach()


class BroadcastNetwork(_Convolutional):
    """A streaming BC-ResNet-1: 2-D over frequency, 1-D over time, broadcast back over frequency.

    After Kim et al. 2021 (arXiv 2106.04140), with causal convolutions over time and a running mean
    over the last second in place of the mean over a clip.  Cepstra are turned back into mel bands
    by a layer that starts as the inverse DCT.
    """

    def __init__(self, spec: NetworkSpec, features: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.spec = spec
        self.mel = nn.Linear(features, features)
        self.mel.weight.data.copy_(_inverse_dct(features))
        first = 2 * _BC_WIDTHS[0][0]
        self.entry = nn.Sequential(
            nn.Conv2d(1, first, (5, spec.block), (2, spec.block), (2, 0)),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        blocks: list[_BroadcastBlock] = []
        inputs = first
        for stage, (width, count) in enumerate(_BC_WIDTHS):
            for index in range(count):
                stride = 2 if stage in (1, 2) and index == 0 else 1
                blocks.append(_BroadcastBlock(inputs, width, stride, 2**stage, dropout))
                inputs = width
        self.blocks = nn.ModuleList(blocks)
        self.exit = nn.Sequential(
            nn.Conv2d(inputs, 32, (_BC_BANDS, 1)), nn.BatchNorm2d(32), nn.ReLU()
        )
        self.head = nn.Linear(32, labels)
        self._shapes = [(block.width, block.context) for block in blocks]
        self._shapes.append((32, _POOL_ROWS - 1))

    def forward(self, frames: Tensor, state: State) -> tuple[Tensor, State]:
        """See `StreamNetwork.forward`."""
        signal = self.entry(self.mel(frames).transpose(1, 2)[:, None])
        contexts = []
        for block, held in zip(self.blocks, state[:-1], strict=True):
            signal, context = block(signal, held)
            contexts.append(context)
        longer = torch.cat((state[-1], self.exit(signal)[:, :, 0]), 2)
        pooled = longer.unfold(2, _POOL_ROWS, 1).mean(-1)
        contexts.append(longer[:, :, longer.shape[2] - _POOL_ROWS + 1 :].detach())
        return self.head(pooled.transpose(1, 2)), tuple(contexts)


class _BroadcastBlock(nn.Module):
    """One block of a BC-ResNet; with a change of width or a stride it has no identity path."""

    _KERNEL = 3

    def __init__(self, inputs: int, width: int, stride: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.width = width
        self.context = (self._KERNEL - 1) * dilation
        self.same = inputs == width and stride == 1
        change = (
            []
            if inputs == width
            else [nn.Conv2d(inputs, width, 1), nn.BatchNorm2d(width), nn.ReLU()]
        )
        self.frequency = nn.Sequential(
            *change,
            nn.Conv2d(width, width, (3, 1), (stride, 1), (1, 0), groups=width),
            nn.BatchNorm2d(width),
        )
        self.time = nn.Conv1d(width, width, self._KERNEL, dilation=dilation, groups=width)
        self.mix = nn.Sequential(
            nn.BatchNorm1d(width), nn.SiLU(), nn.Conv1d(width, width, 1), nn.Dropout(dropout)
        )

    def forward(self, signal: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """(B, C, bands, T) and (B, width, context)."""
        across = self.frequency(signal)
        mean = across.mean(2)
        longer = torch.cat((context, mean), 2)
        along = self.mix(self.time(longer))[:, :, None]
        output = across + along + signal if self.same else across + along
        return output.relu(), longer[:, :, longer.shape[2] - self.context :].detach()


def _inverse_dct(size: int) -> Tensor:
    """(size, size) matrix from orthonormal DCT-II coefficients to what they came from."""
    n = torch.arange(size, dtype=torch.float64)
    matrix = torch.cos(math.pi / size * (n[:, None] + 0.5) * n) * math.sqrt(2 / size)
    matrix[:, 0] = math.sqrt(1 / size)
    return matrix.float()
