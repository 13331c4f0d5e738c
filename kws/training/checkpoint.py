"""Checkpoints: everything a run needs to go on, in one file without code, written whole or not."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kws.errors import DataError, OutputError

CHECKPOINT_FILE = "checkpoint.safetensors"


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], progress: dict[str, Any]) -> None:
    """Replace the checkpoint in `folder`; a crash leaves the old one or the new one.

    Raises:
        OutputError: it cannot be written.
    """
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_atomically(
        folder / CHECKPOINT_FILE, save(whole, metadata={"progress": json.dumps(progress)})
    )


def load_checkpoint(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and progress of the checkpoint in `folder`.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        raise DataError(f"{folder} holds no checkpoint to resume from: train without --resume")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, json.loads((file.metadata() or {})["progress"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DataError(f"{path} is damaged ({error}): train without --resume") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a crash leaves either the old content or the new.

    Raises:
        OutputError: no space, no permission.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
