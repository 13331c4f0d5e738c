"""Published speech embeddings that a network learns to predict; never part of a model.

Whatever has the shape of `EmbeddingTeacher` can teach.  `OnnxTeacher` runs Google's speech
embedding (Lin et al. 2020, arXiv 2002.01322) from two files that the user gives.
"""

import hashlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kws.corpus.mixing import Audio
from kws.errors import ConfigError, KwsError, MissingExtraError
from kws.training.base import TeacherFacts
from kws.training.pretraining.unfolding import FRAMES, MELS, unfold

MELSPECTROGRAM_FILE = "melspectrogram.onnx"
EMBEDDING_FILE = "embedding_model.onnx"

_MEL_WINDOW = 512
_MEL_HOP = 160
_STRIDE = 8
"""Mel frames from one embedding to the next."""
_PIECE = 50
"""Embeddings computed at once: 4 s stay in the processor's cache, a whole tape does not."""

# What is known of the files in the wheel of openwakeword 0.5.1, by their SHA-256.
_KNOWN = {
    MELSPECTROGRAM_FILE: "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
    EMBEDDING_FILE: "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
}


class EmbeddingTeacher(Protocol):
    """Turns clean speech into vectors at a steady rate."""

    @property
    def facts(self) -> TeacherFacts:
        """Name, source and licence."""

    @property
    def dimensions(self) -> int:
        """Values of a vector."""

    @property
    def window(self) -> int:
        """Samples that a vector is made of."""

    @property
    def hop(self) -> int:
        """Samples from one vector to the next."""

    def __call__(self, audio: Audio) -> npt.NDArray[np.float32]:
        """(N,) samples in [-1, 1] to ((N - window) / hop + 1, dimensions)."""


class OnnxTeacher:
    """Google's speech embedding: 96 values every 80 ms, each of 0.78 s."""

    window = (FRAMES - 1) * _MEL_HOP + _MEL_WINDOW
    hop = _STRIDE * _MEL_HOP

    def __init__(self, folder: Path) -> None:
        """Load both files from `folder`, for one thread.

        Raises:
            MissingExtraError: onnx or onnxruntime is not installed.
            ConfigError: a file is missing, or is not the model that it is named after.
        """
        contents = {name: _read(folder, name) for name in (MELSPECTROGRAM_FILE, EMBEDDING_FILE)}
        self._mel = _session(contents[MELSPECTROGRAM_FILE], folder / MELSPECTROGRAM_FILE)
        self._original = _session(contents[EMBEDDING_FILE], folder / EMBEDDING_FILE)
        try:
            unfolded = unfold(contents[EMBEDDING_FILE])
        except ConfigError as error:
            raise ConfigError(f"{folder / EMBEDDING_FILE}: {error}") from error
        self._embedding = _session(unfolded, folder / EMBEDDING_FILE)
        self.facts = _facts(contents)
        self.dimensions = self._check(folder)

    def __call__(self, audio: Audio) -> npt.NDArray[np.float32]:
        """See `EmbeddingTeacher.__call__`."""
        count = max(0, (len(audio) - self.window) // self.hop + 1)
        if not count:
            return np.zeros((0, self.dimensions), np.float32)
        mel = self._mel_frames(audio)
        pieces = []
        for first in range(0, count, _PIECE):
            last = min(count, first + _PIECE) - 1
            frames = mel[first * _STRIDE : last * _STRIDE + FRAMES]
            pieces.append(_run(self._embedding, frames[None, :, :, None])[0, :, :, 0].T)
        return np.concatenate(pieces)

    def _mel_frames(self, audio: Audio) -> npt.NDArray[np.float32]:
        """(T, 32) log mel energies every 10 ms, scaled as the embedding was trained on them."""
        scaled = audio[None] * np.float32(32768)
        mel: npt.NDArray[np.float32] = _run(self._mel, scaled)[0, 0] / np.float32(10)
        return mel + np.float32(2)

    def _check(self, folder: Path) -> int:
        """The number of dimensions, once unfolded and original answers were seen to agree."""
        second = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
        try:
            mel = self._mel_frames(second)
            wanted = np.concatenate(
                [
                    _run(self._original, mel[None, start : start + FRAMES, :, None]).reshape(1, -1)
                    for start in (0, _STRIDE, 2 * _STRIDE)
                ]
            )
            self.dimensions = wanted.shape[1]
            agree = mel.shape == (97, MELS) and np.allclose(self(second), wanted, atol=1e-2)
        except (KwsError, ValueError, IndexError) as error:
            raise ConfigError(f"the files in {folder} are no speech embedding: {error}") from error
        if not agree:
            raise ConfigError(
                f"the files in {folder} are no speech embedding of {FRAMES} frames of {MELS} mel "
                f"bands every {_STRIDE} frames: take those of the wheel of openwakeword 0.5.1"
            )
        return self.dimensions


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"cannot read the teacher's {folder / name}: {error.strerror}; "
            "docs/pretraining.md says where the two files come from"
        ) from error


def _session(content: bytes, path: Path) -> Any:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "pre-training needs onnxruntime: pip install -e '.[pretrain]' in a clone of kws"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # whose errors have no base of their own
        raise ConfigError(f"{path} is not an ONNX model that can be run: {error}") from error


def _run(session: Any, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    try:
        name = session.get_inputs()[0].name
        output: npt.NDArray[np.float32] = session.run(None, {name: values.astype(np.float32)})[0]
        return output
    except Exception as error:  # whose errors have no base of their own
        raise ConfigError(f"the teacher does not take what it is given: {error}") from error


def _facts(contents: dict[str, bytes]) -> TeacherFacts:
    files = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    if files != _KNOWN:
        return TeacherFacts(name="speech embedding", files=files)
    return TeacherFacts(
        name="Google speech_embedding (Lin et al. 2020, arXiv 2002.01322)",
        source="tfhub.dev/google/speech_embedding/1, as ONNX in the wheel of openwakeword 0.5.1",
        licence="Apache-2.0",
        files=files,
    )
