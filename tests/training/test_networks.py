import numpy as np
import pytest
import torch

from kws.spotting.lstm import StatefulLstm
from kws.spotting.model_spec import Convolution, NetworkSpec
from kws.training.baselines import build_network
from kws.training.networks import StreamNetwork, reset_lanes
from kws.training.recipe import PRESETS
from kws.training.spectral import SpectralAugmentation

FEATURES, LABELS = 40, 7


def settled(spec: NetworkSpec) -> StreamNetwork:
    """A network in float64 whose batch norms have seen something."""
    torch.manual_seed(1)
    network = build_network(spec, FEATURES, LABELS).double().train()
    for _ in range(3):
        network(3 * torch.randn(4, 40, FEATURES).double() + 1, network.initial_state(4))
    return network.eval()


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("strides", [(), (1, 2), (2, 1, 2)])
def test_the_runtime_computes_what_was_trained(residual: bool, strides: tuple[int, ...]) -> None:
    spec = NetworkSpec(
        convolutions=tuple(Convolution(channels=9, kernel=4, stride=s) for s in strides),
        layers=(12, 12),
        residual=residual,
        block=int(np.prod(strides)),
    )
    network = settled(spec)
    runtime = StatefulLstm(spec, network.exported(), FEATURES, LABELS)
    frames = np.random.default_rng(1).normal(0, 2, (80, FEATURES))
    with torch.no_grad():
        logits, _ = network(torch.from_numpy(frames)[None], network.initial_state(1))
    posteriors, _ = runtime.step(frames, runtime.initial_state())
    np.testing.assert_allclose(posteriors, logits[0].softmax(-1).numpy(), atol=1e-9)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_cut_anywhere_the_answer_is_the_same(name: str) -> None:
    spec = PRESETS[name].network
    network = settled(spec)
    frames = torch.randn(2, 60, FEATURES).double()
    with torch.no_grad():
        whole, _ = network(frames, network.initial_state(2))
        state, parts = network.initial_state(2), []
        for start, end in ((0, 2), (2, 22), (22, 60)):
            part, state = network(frames[:, start:end], state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 1), whole, atol=1e-10, rtol=0)
    assert whole.shape == (2, 60 // spec.block, LABELS)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_no_answer_depends_on_what_comes_later(name: str) -> None:
    network = settled(PRESETS[name].network)
    frames = torch.randn(1, 60, FEATURES).double()
    later = frames.clone()
    later[:, 40:] = 0
    with torch.no_grad():
        first, _ = network(frames, network.initial_state(1))
        second, _ = network(later, network.initial_state(1))
    rows = 40 // network.spec.block
    torch.testing.assert_close(first[:, :rows], second[:, :rows], atol=1e-10, rtol=0)
    assert not torch.allclose(first[:, rows:], second[:, rows:])


def test_only_chosen_lanes_are_reset() -> None:
    network = settled(PRESETS["default"].network)
    fresh = network.initial_state(3)
    _, state = network(torch.randn(3, 8, FEATURES).double(), fresh)
    mixed = reset_lanes(state, fresh, torch.tensor([False, True, False]))
    hidden, cell = mixed[1][0]
    assert not hidden[1].any() and not cell[1].any()
    torch.testing.assert_close(hidden[0], state[1][0][0][0])


def test_the_carried_state_holds_no_gradient() -> None:
    network = settled(PRESETS["default"].network)
    logits, state = network(torch.randn(1, 8, FEATURES).double(), network.initial_state(1))
    assert logits.requires_grad
    assert not state[0][0].requires_grad
    assert not state[1][0][0].requires_grad


def test_the_shipped_network_is_small() -> None:
    network = build_network(PRESETS["default"].network, 40, 16)
    assert sum(p.numel() for p in network.parameters()) < 305_000


def test_spectral_augmentation_leaves_silence_alone() -> None:
    recipe = PRESETS["default"]
    augmentation = SpectralAugmentation(recipe.features)
    generator = torch.Generator().manual_seed(1)
    silence = torch.full((4, 50, 40), recipe.features.floor).log()
    changed = augmentation(silence, augmentation.draw(generator, 4), generator)
    torch.testing.assert_close(changed, silence, atol=1e-4, rtol=0)
