"""Fixtures that several parts of the tests share."""

import os
import signal
from pathlib import Path

# Before numpy and torch are loaded: products as small as these are slower on several threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.lstm import weight_shapes
from kws.spotting.model import Model, load_model, save_model
from kws.spotting.model_spec import Convolution, KeywordSettings, ModelSpec, NetworkSpec
from kws.training.feature_matrices import build_matrices

pytest_plugins = ["tests.support.corpora"]

# A job in the background ignores Ctrl-C, and so would all programs that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

LABELS = ("_filler_", "yes", "no", "stop")


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with random weights, loud enough to fire often on noise."""
    spec = ModelSpec(
        name="tiny",
        labels=LABELS,
        keywords=tuple(
            KeywordSettings(word=word, threshold=0.4, release=0.35, smoothing=2)
            for word in LABELS[1:]
        ),
        features=FeatureSpec(),
        network=NetworkSpec(
            convolutions=(
                Convolution(channels=12, kernel=3),
                Convolution(channels=12, kernel=3, stride=2),
            ),
            layers=(16, 16),
            residual=True,
            block=2,
        ),
    )
    rng = np.random.default_rng(32)
    shapes = weight_shapes(spec.network, spec.features.coefficients, len(spec.labels))
    weights = {
        name: rng.standard_normal(shape) * 2 / np.sqrt(shape[-1]) for name, shape in shapes.items()
    }
    weights["head.weight"] *= 4
    matrices = build_matrices(spec.features)
    matrices.mean[0] = 60.0
    matrices.deviation[:] = 8.0
    matrices.deviation[0] = 30.0
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(folder, spec, matrices, weights)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_model_folder: Path) -> Model:
    """The loaded `tiny_model_folder`."""
    return load_model(tiny_model_folder)


@pytest.fixture(scope="session")
def noise() -> np.ndarray:
    """Eight seconds of noise bursts, float32 (128000,) in [-1, 1]: makes `tiny_model` fire."""
    rng = np.random.default_rng(11)
    envelope = np.repeat(rng.uniform(0, 1, 80) ** 3, 1600)
    return (rng.standard_normal(128000) * 0.2 * envelope).clip(-1, 1).astype(np.float32)


@pytest.fixture(scope="session")
def shipped_model() -> Model:
    """The model that comes with kws."""
    return load_model()
