from pathlib import Path

import numpy as np
import pytest
import torch

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model import Model, load_model, save_model
from kws.spotting.model_spec import KeywordSettings, ModelSpec
from kws.spotting.spotter import Spotter
from kws.training.baselines import build_network
from kws.training.feature_matrices import build_matrices
from kws.training.recipe import preset
from kws.training.torch_engine import TorchEngine

LABELS = ("yes", "no", "_filler_")


def saved(folder: Path, kind: str) -> Model:
    torch.manual_seed(1)
    spec = ModelSpec(
        name=kind,
        labels=LABELS,
        keywords=tuple(KeywordSettings(word=word) for word in LABELS[:2]),
        features=FeatureSpec(),
        network=preset(kind).network,
    )
    network = build_network(spec.network, spec.features.coefficients, len(LABELS))
    save_model(folder, spec, build_matrices(spec.features), network.exported())
    return load_model(folder)


@pytest.mark.parametrize("kind", ["gru", "tcn", "bcresnet"])
def test_baselines_run_behind_the_spotter(tmp_path: Path, kind: str) -> None:
    model = saved(tmp_path / kind, kind)
    with pytest.raises(ModelError, match="baseline"):
        Spotter(model)
    rng = np.random.default_rng(1)
    audio = rng.normal(0, 0.1, 16000).astype(np.float32)
    rows = []
    spotter = Spotter(model, engine=TorchEngine(model))
    spotter.stream.observer = lambda row: rows.append(row.posteriors)
    spotter.feed(audio)
    assert len(rows) > 20
    np.testing.assert_allclose(np.sum(rows, axis=1), 1, rtol=1e-5)
    again = []
    spotter = Spotter(model, engine=TorchEngine(model))
    spotter.stream.observer = lambda row: again.append(row.posteriors)
    for piece in np.split(audio, [1, 700, 5000]):
        spotter.feed(piece)
    np.testing.assert_allclose(rows, again, atol=1e-5)


def test_an_lstm_needs_no_torch(tiny_model: Model) -> None:
    with pytest.raises(ModelError, match="without torch"):
        TorchEngine(tiny_model)
