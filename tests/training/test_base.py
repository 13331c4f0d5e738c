"""Folders of pre-trained networks: whole, or refused with a reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model import WEIGHTS_FILE
from kws.spotting.model_spec import Convolution, NetworkSpec
from kws.training.base import (
    BASE_FILE,
    Base,
    BaseSpec,
    TeacherFacts,
    load_base,
    network_arrays,
    save_base,
    start_from,
)
from kws.training.feature_matrices import build_matrices
from kws.training.networks import RecurrentNetwork

NETWORK = NetworkSpec(
    convolutions=(Convolution(channels=8, kernel=3, stride=2),), layers=(6, 6), block=2
)
FEATURES = FeatureSpec()


def some_base() -> Base:
    torch.manual_seed(3)
    network = RecurrentNetwork(NETWORK, FEATURES.coefficients, 5)
    spec = BaseSpec(
        name="some",
        features=FEATURES,
        network=NETWORK,
        dimensions=5,
        first_row=19,
        row_step=2,
        teacher=TeacherFacts(name="somebody"),
    )
    mean, deviation = np.zeros(5, np.float32), np.ones(5, np.float32)
    return Base(spec, build_matrices(FEATURES), network_arrays(network), mean, deviation)


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    base = some_base()
    spec = save_base(tmp_path, base)
    loaded = load_base(tmp_path)
    assert loaded.spec == spec
    assert len(loaded.sha256) == 64
    assert loaded.network.keys() == base.network.keys()
    for name, array in base.network.items():
        np.testing.assert_array_equal(loaded.network[name], array)
    np.testing.assert_array_equal(loaded.matrices.mel, base.matrices.mel)


def test_a_network_starts_from_all_but_the_head() -> None:
    base = some_base()
    network = RecurrentNetwork(NETWORK, FEATURES.coefficients, 3)
    head = network.head.weight.detach().clone()
    start_from(network, base)
    state = network.state_dict()
    for name, array in base.network.items():
        if not name.startswith("head."):
            np.testing.assert_array_equal(state[name].numpy(), array)
    torch.testing.assert_close(network.head.weight, head)


def test_no_base_and_a_model_in_its_place(tmp_path: Path, tiny_model_folder: Path) -> None:
    with pytest.raises(ModelError, match="kws pretrain"):
        load_base(tmp_path / "none")
    with pytest.raises(ModelError, match="a model that knows its words already"):
        load_base(tiny_model_folder)


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document.update(format="kws-model"), "format is not 'kws-base'"),
        (lambda document: document.update(version=9), "version is 9"),
        (lambda document: document.update(dimensions=0), "dimensions is 0"),
        (lambda document: document.update(row_step=0), "row_step is 0"),
        (lambda document: document.update(colour="red"), "colour"),
        (lambda document: document.pop("teacher"), "teacher"),
        (lambda document: document["network"].update(block=3), "network.block is 3"),
        (lambda document: document.update(weights_sha256="0"), "weights_sha256"),
    ],
)
def test_a_damaged_description(tmp_path: Path, change: Change, message: str) -> None:
    save_base(tmp_path, some_base())
    document = msgspec.json.decode((tmp_path / BASE_FILE).read_bytes())
    change(document)
    (tmp_path / BASE_FILE).write_bytes(msgspec.json.encode(document))
    with pytest.raises(ModelError, match=message):
        load_base(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("network.head.bias"), "network.head.bias is missing"),
        (lambda arrays: arrays.pop("features.mel"), "features.mel is missing"),
        (lambda arrays: arrays.update(more=np.zeros(1, np.float32)), "more is no array"),
        (
            lambda arrays: arrays.update({"network.head.bias": np.zeros(4, np.float32)}),
            "network.head.bias has shape",
        ),
        (
            lambda arrays: arrays.update({"network.head.bias": np.zeros(5)}),
            "must be float32",
        ),
        (
            lambda arrays: arrays.update({"embedding.mean": np.full(5, np.nan, np.float32)}),
            "embedding.mean holds values that are NaN",
        ),
        (
            lambda arrays: arrays.update({"embedding.deviation": np.zeros(5, np.float32)}),
            "embedding.deviation holds values that are not above 0",
        ),
    ],
)
def test_damaged_weights(tmp_path: Path, change: Change, message: str) -> None:
    import hashlib

    save_base(tmp_path, some_base())
    arrays = load((tmp_path / WEIGHTS_FILE).read_bytes())
    change(arrays)
    binary = save(arrays)
    (tmp_path / WEIGHTS_FILE).write_bytes(binary)
    document = msgspec.json.decode((tmp_path / BASE_FILE).read_bytes())
    document["weights_sha256"] = hashlib.sha256(binary).hexdigest()
    (tmp_path / BASE_FILE).write_bytes(msgspec.json.encode(document))
    with pytest.raises(ModelError, match=message) as refused:
        load_base(tmp_path)
    assert WEIGHTS_FILE in str(refused.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    save_base(tmp_path, some_base())
    (tmp_path / WEIGHTS_FILE).write_bytes(b"x" * 40)
    with pytest.raises(ModelError, match="damaged"):
        load_base(tmp_path)
    (tmp_path / BASE_FILE).write_bytes(b"\xff{")
    with pytest.raises(ModelError, match=BASE_FILE):
        load_base(tmp_path)
    (tmp_path / BASE_FILE).unlink()
    (tmp_path / BASE_FILE).mkdir()
    with pytest.raises(ModelError, match="no regular file"):
        load_base(tmp_path)
