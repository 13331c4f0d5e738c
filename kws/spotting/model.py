"""A model is a folder without code: `model.json` and `weights.safetensors`."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import numpy as np
import platformdirs
from safetensors import SafetensorError
from safetensors.numpy import load, save

from kws.errors import ModelError, did_you_mean
from kws.spotting.lstm import Weights, check_weights
from kws.spotting.matrices import Matrices
from kws.spotting.model_spec import ModelSpec, decode_spec
from kws.writing import write_atomically

DEFAULT_MODEL = "commands"
SPEC_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"

_LARGEST_SPEC = 4 << 20
_LARGEST_WEIGHTS = 256 << 20
_FEATURE_PREFIX = "features."
_MATRICES = tuple(field.name for field in fields(Matrices))


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A checked model, ready to run."""

    spec: ModelSpec
    matrices: Matrices
    weights: Weights
    """The arrays of the network, float32."""
    path: Path
    """The folder it came from."""
    sha256: str
    """Hexadecimal digest of both files: what exactly was listening."""

    @property
    def words(self) -> list[str]:
        """The keywords, in the order of the model."""
        return [keyword.word for keyword in self.spec.keywords]


def load_model(name_or_path: str | os.PathLike[str] | None = None) -> Model:
    """Load a model by name or folder; without either, the model that comes with kws.

    Raises:
        ModelError: there is none, or it is damaged; the message names the file and the field.
    """
    folder = find_model(name_or_path)
    text = _read(folder / SPEC_FILE, _LARGEST_SPEC)
    binary = _read(folder / WEIGHTS_FILE, _LARGEST_WEIGHTS)
    with _about(folder / SPEC_FILE):
        spec = decode_spec(text)
    with _about(folder / WEIGHTS_FILE):
        if hashlib.sha256(binary).hexdigest() != spec.weights_sha256:
            raise ModelError(
                "the content is not what weights_sha256 in model.json promises: "
                "the file is damaged, or belongs to another model"
            )
        matrices, weights = _unpack(spec, binary)
    digest = hashlib.sha256(text + binary).hexdigest()
    return Model(spec, matrices, weights, folder, digest)


def save_model(
    folder: str | os.PathLike[str], spec: ModelSpec, matrices: Matrices, weights: Weights
) -> ModelSpec:
    """Write a model folder, whole or not at all; gives back the spec with its `weights_sha256`.

    A file is replaced only once its successor is complete on disk.

    Raises:
        ModelError: `spec`, `matrices` and `weights` do not fit each other.
        OutputError: the folder cannot be written.
    """
    spec.check()
    matrices.check(spec.features)
    arrays = {_FEATURE_PREFIX + name: getattr(matrices, name) for name in _MATRICES}
    arrays |= {name: array.astype(np.float32) for name, array in weights.items()}
    binary = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
    spec = msgspec.structs.replace(spec, weights_sha256=hashlib.sha256(binary).hexdigest())
    _unpack(spec, binary)
    folder = Path(folder)
    write_atomically(folder / WEIGHTS_FILE, binary)
    write_atomically(folder / SPEC_FILE, msgspec.json.format(msgspec.json.encode(spec), indent=2))
    return spec


def find_model(name_or_path: str | os.PathLike[str] | None = None) -> Path:
    """The folder of a model: a path, or a name in the user's data folder or among ours.

    Raises:
        ModelError: no such folder; the message says where it was sought.
    """
    wanted = DEFAULT_MODEL if name_or_path is None else os.fspath(name_or_path)
    path = Path(wanted).expanduser()
    is_name = bool(wanted) and path.name == wanted
    if name_or_path is not None and _readable(path / SPEC_FILE):
        return path
    for home in _homes() if is_name else []:
        if _readable(home / wanted / SPEC_FILE):
            return home / wanted
    if wanted and name_or_path is not None and _readable(path):
        raise ModelError(f"{path} holds no {SPEC_FILE} to read: it is not a model folder")
    if not is_name:
        raise ModelError(f"there is no model folder {wanted!r}")
    # The user's folder is named even if it is not there yet: that is where to put one.
    places = ", ".join(str(home) for home in dict.fromkeys([_user_home(), *_homes()]))
    hint = did_you_mean(wanted, (folder.name for folder in installed_models()))
    raise ModelError(
        f"there is no model {wanted!r}: neither a folder of that name here nor in {places}; {hint}"
    )


def installed_models() -> Iterator[Path]:
    """The folders of all models that can be called by name, the user's first."""
    seen = set()
    for home in _homes():
        for spec_file in sorted(home.glob(f"*/{SPEC_FILE}")):
            if spec_file.parent.name not in seen:
                seen.add(spec_file.parent.name)
                yield spec_file.parent


def _user_home() -> Path:
    return platformdirs.user_data_path("kws") / "models"


def _homes() -> list[Path]:
    """Folders that hold models: the user's, the installed package's, the checkout's."""
    package = Path(__file__).resolve().parents[1]
    homes = (_user_home(), package / "models", package.parent / "models")
    return [home for home in homes if _readable(home)]


def _readable(path: Path) -> bool:
    """Whether `path` is there and may be read, whatever lies in the way to it."""
    return os.access(path, os.R_OK)


def _read(path: Path, limit: int) -> bytes:
    try:
        status = path.stat()
        # A pipe could keep the reader waiting for ever, and a device have no end.
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            raise ModelError(
                f"{path} is no regular file of at most {limit >> 20} MiB: "
                "it is no part of a kws model"
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def _unpack(spec: ModelSpec, binary: bytes) -> tuple[Matrices, Weights]:
    """Split weights.safetensors into feature arrays and network weights, both checked."""
    try:
        arrays = load(binary)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"this is not a safetensors file ({error})") from error
    features = {
        name.removeprefix(_FEATURE_PREFIX): arrays.pop(name)
        for name in list(arrays)
        if name.startswith(_FEATURE_PREFIX)
    }
    if features.keys() != set(_MATRICES):
        odd = sorted(features.keys() ^ set(_MATRICES))
        raise ModelError(f"the arrays {_FEATURE_PREFIX}* are not as expected: {', '.join(odd)}")
    matrices = Matrices(**features)
    matrices.check(spec.features)
    if spec.network.kind == "lstm":
        check_weights(spec.network, arrays, spec.features.coefficients, len(spec.labels))
        # The runtime works in one type; a file may mix them.
        arrays = {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
    return matrices, arrays


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    """Put the file's name in front of what is wrong with it."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
