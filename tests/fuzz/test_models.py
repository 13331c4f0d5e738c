"""Damaged and hostile models: refused in one line, or usable."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from kws.errors import ModelError
from kws.spotting.model import SPEC_FILE, WEIGHTS_FILE, load_model
from kws.spotting.spotter import Spotter
from kws.spotting.stream import Row
from tests.support.mutations import (
    FRAGMENTS,
    Edit,
    bounded,
    check_message,
    edited,
    edits,
    mutated_document,
)

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Original:
    """The small model before it is damaged, and something to hear.

    Hypothesis prints arguments field by field where it can; this hides what is too long for that.
    """

    def __init__(self, folder: Path, noise: np.ndarray) -> None:
        self.document = msgspec.json.decode((folder / SPEC_FILE).read_bytes())
        self.weights = (folder / WEIGHTS_FILE).read_bytes()
        self.noise = noise[:6000]


@pytest.fixture(scope="session")
def original(tiny_model_folder: Path, noise: np.ndarray) -> Original:
    return Original(tiny_model_folder, noise)


def use(folder: Path, noise: np.ndarray) -> None:
    """Load the model and listen with it; only a `ModelError` of one line may come out."""
    with bounded(200):
        try:
            spotter = Spotter(load_model(folder))
        except ModelError as error:
            check_message(error)
            return
        listen(spotter, noise)


def listen(spotter: Spotter, noise: np.ndarray) -> None:
    """Silence, noise and full scale give posteriors that are numbers."""
    rows: list[Row] = []
    spotter.stream.observer = rows.append
    for gain in (0, 1, 1000):
        spotter.feed((noise * np.float32(gain)).clip(-1, 1))
    spotter.flush()
    for row in rows:
        assert np.isfinite(row.posteriors).all()
        assert np.isfinite(row.scores).all()
        assert np.isfinite(row.level_dbfs)


def write(folder: Path, document: Any, weights: bytes, honest: bool = True) -> None:
    """A model folder; `honest` if the sum of the weights is told as it is."""
    if honest and isinstance(document, dict):
        document = document | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    (folder / SPEC_FILE).write_bytes(msgspec.json.encode(document))
    (folder / WEIGHTS_FILE).write_bytes(weights)


@quick
@given(data=st.data())
def test_fields_of_another_kind_or_size(
    tmp_path: Path, original: Original, data: st.DataObject
) -> None:
    write(tmp_path, data.draw(mutated_document(original.document)), original.weights)
    use(tmp_path, original.noise)


@quick
@given(changes=edits(), fragment=st.sampled_from(FRAGMENTS), place=st.integers(0, 2000))
def test_a_spec_that_is_hardly_json(
    tmp_path: Path,
    original: Original,
    changes: list[Edit],
    fragment: str,
    place: int,
) -> None:
    write(tmp_path, original.document, original.weights)
    text = (tmp_path / SPEC_FILE).read_bytes()
    text = text[:place] + fragment.encode() + text[place:]
    (tmp_path / SPEC_FILE).write_bytes(edited(text, changes))
    use(tmp_path, original.noise)


@quick
@given(changes=edits(), honest=st.booleans())
def test_damaged_weights(
    tmp_path: Path,
    original: Original,
    changes: list[Edit],
    honest: bool,
) -> None:
    write(tmp_path, original.document, edited(original.weights, changes), honest)
    use(tmp_path, original.noise)


@quick
@given(data=st.data())
def test_arrays_of_another_shape_type_or_size(
    tmp_path: Path, original: Original, data: st.DataObject
) -> None:
    arrays = load(original.weights)
    name = data.draw(st.sampled_from(sorted(arrays)))
    arrays[name] = data.draw(st.sampled_from(ODD_ARRAYS))(arrays[name])
    write(tmp_path, original.document, save(arrays))
    use(tmp_path, original.noise)


ODD_ARRAYS = (
    lambda array: np.ascontiguousarray(array.T),
    lambda array: array[:-1].copy(),
    lambda array: array[:0].copy(),
    lambda array: array.reshape(-1),
    lambda array: array.reshape(1, *array.shape),
    lambda array: np.array(array.sum()),
    lambda array: array.astype(np.float16),
    lambda array: array.astype(np.float64),
    lambda array: array.astype(np.int8),
    lambda array: array > 0,
    lambda array: array * 0,
    lambda array: -array,
    lambda array: array * 1e5,
    lambda array: array * 1e30,
    lambda array: np.sign(array) * np.finfo(array.dtype).max,
    lambda array: array * 1e-30,
    lambda array: np.full_like(array, np.finfo(array.dtype).tiny),
    lambda array: np.full_like(array, np.nan),
    lambda array: np.full_like(array, np.inf),
)
"""What may become of an array."""
