"""What the tests of the whole program share."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.listener import Listener, Start
from tests.support.pulse import PulseServer, require_microphone


@pytest.fixture
def recording(tmp_path: Path, noise: np.ndarray) -> Path:
    """Eight seconds on which the tiny model fires."""
    soundfile.write(tmp_path / "noise.wav", noise, 16000, subtype="PCM_16")
    return tmp_path / "noise.wav"


@pytest.fixture
def listen(tmp_path: Path, tiny_model_folder: Path) -> Iterator[Start]:
    """Starts daemons with the tiny model and ends them after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(
            Listener(tmp_path, "--model", tiny_model_folder, *arguments, **options)
        )


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[PulseServer]:
    require_microphone()
    folder = tmp_path / "pulse"
    folder.mkdir()
    with PulseServer(folder, microphones=("kws", "other")) as server:
        yield server
