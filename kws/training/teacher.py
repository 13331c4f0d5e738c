"""A published clip model whose answers soften the targets of a training; never part of a model.

Distillation (Hinton et al. 2015, arXiv 1503.02531): beside "this clip is *go*" the network learns
how sure a model trained on ten times the data is of that, in this very noise and room.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kws.corpus.speech_commands import TWELVE_LABELS
from kws.errors import ConfigError, MissingExtraError
from kws.samples import RATE

_WINDOW = RATE


class Teacher:
    """Runs a TFLite model that takes 1 s of audio (1, 16000) and gives 12 logits."""

    def __init__(self, path: Path, keywords: Sequence[str]) -> None:
        """Load it.

        Raises:
            MissingExtraError: ai-edge-litert is not installed.
            ConfigError: the file is not such a model, or does not know a keyword.
        """
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ModuleNotFoundError as error:
            raise MissingExtraError("a teacher needs ai-edge-litert: pip install it") from error
        strangers = [word for word in keywords if word not in TWELVE_LABELS]
        if strangers:
            raise ConfigError(
                f"the teacher does not know {strangers[0]!r}: train without --teacher"
            )
        try:
            self._interpreter = Interpreter(model_path=str(path), num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, OSError, RuntimeError) as error:
            raise ConfigError(f"{path} is not a TFLite model: {error}") from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        if tuple(self._input["shape"]) != (1, _WINDOW):
            raise ConfigError(f"{path} does not take one second of 16 kHz audio")
        self._keywords = [TWELVE_LABELS.index(word) for word in keywords]

    def __call__(
        self, audio: npt.NDArray[np.float32], centres: Sequence[int]
    ) -> npt.NDArray[np.float32]:
        """(M, keywords + 1) posteriors of the seconds around `centres`, all other labels last."""
        padded = np.pad(audio, _WINDOW)
        answers = np.zeros((len(centres), len(self._keywords) + 1), np.float32)
        for answer, centre in zip(answers, centres, strict=True):
            start = centre + _WINDOW - _WINDOW // 2
            self._interpreter.set_tensor(
                self._input["index"], padded[None, start : start + _WINDOW]
            )
            self._interpreter.invoke()
            logits = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float64)
            posteriors = np.exp(logits - logits.max())
            posteriors /= posteriors.sum()
            answer[:-1] = posteriors[self._keywords]
            answer[-1] = 1 - answer[:-1].sum()
        return answers
