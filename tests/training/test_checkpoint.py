from pathlib import Path

import pytest
import torch

from kws.errors import DataError, OutputError
from kws.training.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    tensors = {"a": torch.randn(3, 4), "b.c": torch.tensor(7)}
    save_checkpoint(tmp_path, tensors, {"step": 3, "best": 0.25})
    loaded, progress = load_checkpoint(tmp_path)
    assert progress == {"step": 3, "best": 0.25}
    for name, tensor in tensors.items():
        torch.testing.assert_close(loaded[name], tensor)


def test_no_checkpoint_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no checkpoint"):
        load_checkpoint(tmp_path)
    save_checkpoint(tmp_path, {"a": torch.zeros(100)}, {})
    file = tmp_path / CHECKPOINT_FILE
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(DataError, match="damaged"):
        load_checkpoint(tmp_path)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        save_checkpoint(tmp_path / "file", {"a": torch.zeros(1)}, {})
