"""The numpy network against torch, with carried state."""

from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kws.errors import ModelError
from kws.spotting.lstm import StatefulLstm, Weights, weight_shapes
from kws.spotting.model import Model
from kws.spotting.model_spec import Convolution, NetworkSpec

FEATURES, LABELS = 7, 4


def random_weights(spec: NetworkSpec, seed: int, features: int = FEATURES) -> Weights:
    rng = np.random.default_rng(seed)
    return {
        name: rng.standard_normal(shape) * 0.5
        for name, shape in weight_shapes(spec, features, LABELS).items()
    }


def torch_posteriors(spec: NetworkSpec, weights: Weights, frames: np.ndarray) -> np.ndarray:
    """The whole signal at once through torch: (T, F) to (T / block, K)."""
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}
    signal = torch.from_numpy(frames).to(tensors["head.bias"].dtype)
    for index, layer in enumerate(spec.convolutions):
        width = signal.shape[1]
        kernel = tensors[f"conv.{index}.weight"].reshape(layer.channels, layer.kernel, width)
        padded = torch.nn.functional.pad(signal.T[None], (layer.kernel - layer.stride, 0))
        output = torch.nn.functional.conv1d(
            padded, kernel.transpose(1, 2), tensors[f"conv.{index}.bias"], stride=layer.stride
        )
        signal = torch.relu(output)[0].T
    for index, size in enumerate(spec.layers):
        lstm = torch.nn.LSTM(signal.shape[1], size).to(signal.dtype)
        lstm.load_state_dict(
            {
                "weight_ih_l0": tensors[f"lstm.{index}.weight_ih"],
                "weight_hh_l0": tensors[f"lstm.{index}.weight_hh"],
                "bias_ih_l0": tensors[f"lstm.{index}.bias"],
                "bias_hh_l0": torch.zeros(4 * size),
            }
        )
        output, _ = lstm(signal)
        signal = signal + output if spec.residual and index else output
    logits = signal @ tensors["head.weight"].T + tensors["head.bias"]
    return torch.softmax(logits, dim=-1).detach().numpy()


@settings(max_examples=40, deadline=None)
@given(
    convolutions=st.lists(
        st.tuples(st.integers(1, 9), st.integers(1, 5), st.integers(1, 3)).filter(
            lambda sizes: sizes[2] <= sizes[1]
        ),
        max_size=3,
    ),
    layers=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    residual=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_torch_in_float64(
    convolutions: list[tuple[int, int, int]], layers: list[int], residual: bool, seed: int
) -> None:
    spec = NetworkSpec(
        convolutions=tuple(
            Convolution(channels=channels, kernel=kernel, stride=stride)
            for channels, kernel, stride in convolutions
        ),
        layers=tuple([layers[0]] * len(layers) if residual else layers),
        residual=residual,
        block=int(np.prod([stride for _, _, stride in convolutions], dtype=int)),
    )
    spec.check()
    weights = random_weights(spec, seed)
    frames = np.random.default_rng(seed).standard_normal((12 * spec.block, FEATURES))
    network = StatefulLstm(spec, weights, FEATURES, LABELS)

    first, state = network.step(frames[: 5 * spec.block], network.initial_state())
    second, _ = network.step(frames[5 * spec.block :], state)

    expected = torch_posteriors(spec, weights, frames)
    np.testing.assert_allclose(np.concatenate((first, second)), expected, rtol=0, atol=1e-9)


def test_shipped_model_equals_torch_after_ten_thousand_steps(shipped_model: Model) -> None:
    spec = shipped_model.spec
    features = spec.features.coefficients
    network = StatefulLstm(spec.network, shipped_model.weights, features, len(spec.labels))
    # Frames that wander slowly, as speech does, rather than white noise.
    steps = np.random.default_rng(8).standard_normal((10_000 * spec.network.block, features))
    frames = np.zeros_like(steps)
    for index in range(1, len(steps)):
        frames[index] = 0.9 * frames[index - 1] + 0.44 * steps[index]
    frames = frames.astype(np.float32)
    posteriors, _ = network.step(frames, network.initial_state())
    assert posteriors.dtype == np.float32
    expected = torch_posteriors(spec.network, shipped_model.weights, frames)
    np.testing.assert_allclose(posteriors, expected, rtol=0, atol=1e-4)


def test_any_cut_gives_the_same_bits() -> None:
    spec = NetworkSpec(
        convolutions=(Convolution(channels=6, kernel=4, stride=2),), layers=(8, 8), block=2
    )
    weights = {name: w.astype(np.float32) for name, w in random_weights(spec, 1).items()}
    network = StatefulLstm(spec, weights, FEATURES, LABELS)
    frames = np.random.default_rng(1).standard_normal((60, FEATURES)).astype(np.float32)
    whole, last = network.step(frames, network.initial_state())
    state = network.initial_state()
    rows = []
    for index in range(0, 60, 2):
        row, state = network.step(frames[index : index + 2], state)
        rows.append(row)
    assert np.array_equal(np.concatenate(rows), whole)
    assert all(np.array_equal(a, b) for a, b in zip(state.cell, last.cell, strict=True))


def test_state_is_a_value() -> None:
    spec = NetworkSpec(layers=(8,))
    network = StatefulLstm(spec, random_weights(spec, 2), FEATURES, LABELS)
    frames = np.random.default_rng(2).standard_normal((9, FEATURES))
    _, kept = network.step(frames, network.initial_state())
    first, _ = network.step(frames, kept)
    again, _ = network.step(frames, kept)
    assert np.array_equal(first, again)


@pytest.mark.parametrize("name", ["conv.0.weight", "lstm.1.weight_hh", "head.bias"])
def test_wrong_weights_are_named(name: str) -> None:
    spec = NetworkSpec(convolutions=(Convolution(channels=6, kernel=3),), layers=(8, 8))
    good = random_weights(spec, 3)
    broken = np.full_like(good[name], np.nan)
    for weights, complaint in (
        ({**good, name: np.zeros(3)}, rf"{name} has shape \(3,\)"),
        ({key: value for key, value in good.items() if key != name}, f"lack {name}"),
        ({**good, name: good[name].astype(np.int32)}, f"{name} is of type int32"),
        ({**good, name: broken}, f"{name} holds values that are NaN or beyond"),
        ({**good, "extra": np.zeros(3)}, "hold extra"),
    ):
        with pytest.raises(ModelError, match=complaint):
            StatefulLstm(spec, cast(Weights, weights), FEATURES, LABELS)


def test_baseline_is_refused_by_the_runtime() -> None:
    with pytest.raises(ModelError, match=r"network\.kind is 'gru'"):
        StatefulLstm(NetworkSpec(kind="gru"), {}, FEATURES, LABELS)
