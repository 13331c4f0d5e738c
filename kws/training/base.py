"""A base: a network that has learnt to hear but knows no words yet, in a folder without code.

`base.json` and `weights.safetensors`.  `kws train --base` puts a head of its own on it; a spotter
cannot run it, and therefore its file is not named like a model's.
"""

import hashlib
import stat
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from kws.errors import ModelError
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.matrices import LARGEST_VALUE, Matrices
from kws.spotting.model import SPEC_FILE as MODEL_FILE
from kws.spotting.model import WEIGHTS_FILE
from kws.spotting.model_spec import NetworkSpec
from kws.training.baselines import build_network
from kws.training.networks import StreamNetwork
from kws.writing import write_atomically

BASE_FILE = "base.json"
FORMAT: Final = "kws-base"
VERSION: Final = 1

_LARGEST = 256 << 20
_NETWORK = "network."
_FEATURES = "features."
_EMBEDDING = "embedding."
_HEAD = "head."
_MATRICES = tuple(field.name for field in fields(Matrices))

Arrays = dict[str, npt.NDArray[Any]]


class TeacherFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model card has to say of a teacher."""

    name: str
    source: str = "unknown: files given by the user"
    licence: str = "unknown: see where the files came from"
    files: dict[str, str] = {}
    """SHA-256 by file name."""


class BaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of `base.json`."""

    format: Literal["kws-base"] = FORMAT
    version: Literal[1] = VERSION
    name: str
    description: str = ""
    licence: str = ""
    created: str = ""
    """Date of the export, YYYY-MM-DD."""
    weights_sha256: str = ""
    features: FeatureSpec
    network: NetworkSpec
    dimensions: int
    """Values of the embedding that the head of the network predicts."""
    first_row: int
    """The row of a stream that knows the first embedding."""
    row_step: int
    """Rows from one embedding to the next."""
    teacher: TeacherFacts
    training: dict[str, Any] = {}
    """Recipe, command and amounts."""
    metrics: dict[str, Any] = {}
    """Errors on the validation tapes, as a share of the variance."""

    def check(self) -> None:
        """Raise `ModelError` naming the first field that makes no sense."""
        self.features.check()
        self.network.check()
        for field, lowest, highest in (
            ("dimensions", 1, 4096),
            ("first_row", 0, 1 << 20),
            ("row_step", 1, 1 << 20),
        ):
            if not lowest <= getattr(self, field) <= highest:
                raise ModelError(
                    f"{field} is {getattr(self, field)}, it must be {lowest} to {highest}"
                )


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A checked base."""

    spec: BaseSpec
    matrices: Matrices
    """The feature contract with the normalisation that the network grew up with."""
    network: Arrays
    """What torch calls the state of the network, head included, float32."""
    mean: npt.NDArray[np.float32]
    """(dimensions,) added to the head's output times `deviation`, for the teacher's own scale."""
    deviation: npt.NDArray[np.float32]
    """(dimensions,)"""
    sha256: str = ""
    """Hexadecimal digest of both files."""


def save_base(folder: Path, base: Base) -> BaseSpec:
    """Write a base folder; gives back the spec with its `weights_sha256`.

    Raises:
        ModelError: its parts do not fit each other.
        OutputError: the folder cannot be written.
    """
    arrays: Arrays = {_FEATURES + name: getattr(base.matrices, name) for name in _MATRICES}
    arrays |= {_NETWORK + name: array.astype(np.float32) for name, array in base.network.items()}
    arrays |= {_EMBEDDING + "mean": base.mean, _EMBEDDING + "deviation": base.deviation}
    binary = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    digest = hashlib.sha256(binary).hexdigest()
    spec = msgspec.structs.replace(base.spec, weights_sha256=digest)
    spec.check()
    _unpack(spec, binary, "")
    write_atomically(folder / WEIGHTS_FILE, binary)
    write_atomically(folder / BASE_FILE, msgspec.json.format(msgspec.json.encode(spec), indent=2))
    return spec


def load_base(folder: Path) -> Base:
    """Read and check a base folder.

    Raises:
        ModelError: there is none, or it is damaged; the message names the file and the field.
    """
    if not (folder / BASE_FILE).exists() and (folder / MODEL_FILE).exists():
        raise ModelError(
            f"{folder} holds a model that knows its words already, not a base: "
            "`kws pretrain` makes one"
        )
    text, binary = _read(folder / BASE_FILE), _read(folder / WEIGHTS_FILE)
    try:
        spec = _decode(text)
    except ModelError as error:
        raise ModelError(f"{folder / BASE_FILE}: {error}") from error
    try:
        if hashlib.sha256(binary).hexdigest() != spec.weights_sha256:
            raise ModelError(
                f"the content is not what weights_sha256 in {BASE_FILE} promises: "
                "the file is damaged, or belongs to another base"
            )
        return _unpack(spec, binary, hashlib.sha256(text + binary).hexdigest())
    except ModelError as error:
        raise ModelError(f"{folder / WEIGHTS_FILE}: {error}") from error


def network_arrays(network: StreamNetwork) -> Arrays:
    """The state of a network as a base keeps it."""
    return {
        name: value.detach().cpu().numpy()
        for name, value in network.state_dict().items()
        if value.is_floating_point()
    }


def start_from(network: StreamNetwork, base: Base) -> None:
    """Copy everything but the head from `base` into `network`, whose spec is that of the base."""
    own = network.state_dict()
    with torch.no_grad():
        for name, array in base.network.items():
            if not name.startswith(_HEAD):
                own[name].copy_(torch.from_numpy(array))


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        # A pipe could keep the reader waiting for ever, and a device have no end.
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise ModelError(
                f"{path} is no regular file of at most {_LARGEST >> 20} MiB: "
                "it is no part of a base"
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"cannot read {path}: {error.strerror}; `kws pretrain` makes a base"
        ) from error


def _decode(text: bytes) -> BaseSpec:
    try:
        document = msgspec.json.decode(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ModelError(f"format is not {FORMAT!r}: this is not the file of a base")
        if document.get("version") != VERSION:
            raise ModelError(
                f"version is {document.get('version')!r}, this program reads {VERSION}: "
                "make the base again or update kws"
            )
        spec = msgspec.convert(document, BaseSpec)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(str(error)) from error
    spec.check()
    return spec


def _unpack(spec: BaseSpec, binary: bytes, digest: str) -> Base:
    """Split weights.safetensors into its three kinds of arrays, all checked."""
    try:
        arrays: Arrays = load(binary)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"this is not a safetensors file ({error})") from error
    features = {name: _take(arrays, _FEATURES + name) for name in _MATRICES}
    matrices = Matrices(**features)
    matrices.check(spec.features)
    mean, deviation = _take(arrays, _EMBEDDING + "mean"), _take(arrays, _EMBEDDING + "deviation")
    for name, array in (("mean", mean), ("deviation", deviation)):
        _check(_EMBEDDING + name, array, (spec.dimensions,))
    if (deviation <= 0).any():
        raise ModelError(f"{_EMBEDDING}deviation holds values that are not above 0")
    network = build_network(spec.network, spec.features.coefficients, spec.dimensions)
    own: dict[str, Tensor] = network.state_dict()
    weights: Arrays = {}
    for name, value in own.items():
        if value.is_floating_point():
            weights[name] = _take(arrays, _NETWORK + name)
            _check(_NETWORK + name, weights[name], tuple(value.shape))
    if arrays:
        raise ModelError(f"{min(arrays)} is no array of such a network")
    return Base(spec, matrices, weights, mean, deviation, digest)


def _take(arrays: Arrays, name: str) -> npt.NDArray[Any]:
    if name not in arrays:
        raise ModelError(f"{name} is missing")
    return arrays.pop(name)


def _check(name: str, array: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ModelError(f"{name} has shape {array.shape}, base.json asks for {shape}")
    if array.dtype != np.float32:
        raise ModelError(f"{name} is of type {array.dtype}, it must be float32")
    if not (np.abs(array) <= LARGEST_VALUE).all():
        raise ModelError(f"{name} holds values that are NaN or beyond {LARGEST_VALUE:g}")
