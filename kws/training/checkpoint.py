"""Checkpoints: everything a run needs to go on, in one file without code, written whole or not."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from kws.errors import DataError
from kws.writing import write_atomically

CHECKPOINT_FILE = "checkpoint.safetensors"


def save_checkpoint(folder: Path, tensors: dict[str, Tensor], progress: dict[str, Any]) -> None:
    """Replace the checkpoint in `folder`; a crash leaves the old one or the new one.

    Raises:
        OutputError: it cannot be written.
    """
    # A run has its folder for itself: what is half written is of one that was killed.
    for half in folder.glob(f".{CHECKPOINT_FILE}.*"):
        half.unlink(missing_ok=True)
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
            progress = json.loads((file.metadata() or {})["progress"])
    except (SafetensorError, KeyError, ValueError, OSError, RecursionError) as error:
        raise DataError(f"{path} is damaged ({error}): train without --resume") from error
    if not isinstance(progress, dict):
        raise DataError(f"{path} is damaged (no progress in it): train without --resume")
    return tensors, progress
