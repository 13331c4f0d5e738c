"""What runs a network: the shipped runtime, or torch for the baselines."""

import importlib.util
from pathlib import Path

import msgspec
import numpy as np
import pytest

from kws.errors import MissingExtraError
from kws.evaluation.listeners import SpotterListener
from kws.spotting.model import Model, load_model, save_model
from kws.spotting.model_spec import NetworkSpec
from kws.training.baselines import build_network
from kws.training.engines import choose_engine


@pytest.fixture
def gru(tiny_model: Model, tmp_path: Path) -> Model:
    """A baseline with random weights."""
    network = NetworkSpec(kind="gru", layers=(8, 8))
    spec = msgspec.structs.replace(tiny_model.spec, network=network)
    built = build_network(network, spec.features.coefficients, len(spec.labels))
    weights = {name: tensor.numpy() for name, tensor in built.state_dict().items()}
    save_model(tmp_path, spec, tiny_model.matrices, weights)
    return load_model(tmp_path)


def test_the_shipped_kind_needs_no_engine(tiny_model: Model) -> None:
    assert choose_engine(tiny_model) is None


def test_a_baseline_goes_through_the_same_spotter(gru: Model, noise: np.ndarray) -> None:
    trace = SpotterListener(gru, choose_engine(gru)).listen(noise[:32000], lambda _: None)[0]
    assert trace.posteriors.shape == (1 + (32000 + 8000 - 512) // 320, 4)
    assert trace.posteriors.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_baseline_without_torch(gru: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="gru network needs torch"):
        choose_engine(gru)
