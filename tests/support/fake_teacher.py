"""A teacher that needs no files: how loud four bands of a signal are."""

from pathlib import Path

import numpy as np

from kws.training.base import TeacherFacts


class FakeTeacher:
    """Four log energies every 80 ms, each of 200 ms."""

    facts = TeacherFacts(name="four bands", source="this file", licence="CC0")
    dimensions = 4
    window = 3200
    hop = 1280

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(audio, self.window)[:: self.hop]
        power = np.square(np.abs(np.fft.rfft(windows)[:, :800])).reshape(len(windows), 4, 200)
        answers: np.ndarray = np.log(power.mean(-1) + 1e-2).astype(np.float32)
        return answers
