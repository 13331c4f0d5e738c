"""For comparison: a model that was made for clips, slid along a stream.

What people do who have a clip classifier: every 100 ms the last second is classified, the mean of
three results is compared with a threshold, and the same detector as ours decides.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kws.corpus.speech_commands import TWELVE_LABELS
from kws.errors import MissingExtraError, ModelError
from kws.evaluation.listeners import Progress
from kws.evaluation.traces import Trace
from kws.samples import RATE
from kws.spotting.model_spec import DecisionSettings, KeywordSettings
from kws.spotting.redecision import decide_again, smooth

WINDOW = RATE
HOP = 1600
SMOOTHING = 3
THRESHOLDS = (0.8, 0.9)

Array = npt.NDArray[np.floating]


class SlidClipModel:
    """A TensorFlow Lite model of samples (1, 16000) to logits (1, 12), slid along a stream."""

    def __init__(self, path: Path, words: Sequence[str]) -> None:
        """Load the model and listen for those of its words that are among `words`.

        Raises:
            MissingExtraError: ai-edge-litert is not installed.
            ModelError: the file is not such a model, or knows none of `words`.
        """
        self._name = path.stem
        self._words = [word for word in words if word in TWELVE_LABELS]
        if not self._words:
            raise ModelError(f"{path}: knows none of the words {', '.join(words)}")
        self._columns = [TWELVE_LABELS.index(word) for word in self._words]
        self._interpreter = _load(path)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        shapes = (tuple(self._input["shape"].tolist()), tuple(self._output["shape"].tolist()))
        if shapes != ((1, WINDOW), (1, len(TWELVE_LABELS))):
            raise ModelError(
                f"{path}: takes {shapes[0]} and gives {shapes[1]}, a model of (1, {WINDOW}) "
                f"samples to (1, {len(TWELVE_LABELS)}) logits is expected"
            )

    def posteriors(self, window: Array) -> Array:
        """Posteriors (12,) of one second of samples (16000,)."""
        self._interpreter.set_tensor(self._input["index"], window[None].astype(np.float32))
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._output["index"])[0].astype(np.float64)
        exponentials = np.exp(logits - logits.max())
        posteriors: Array = exponentials / exponentials.sum()
        return posteriors

    def listen(self, samples: Array, progress: Progress) -> list[Trace]:
        """Classify the last second after every hop: a trace for each of `THRESHOLDS`.

        A decision falls at the end of its window.
        """
        positions = np.arange(WINDOW, len(samples) + 1, HOP)
        posteriors = np.zeros((len(positions), len(TWELVE_LABELS)))
        progress(min(WINDOW, len(samples)))
        for row, position in enumerate(positions):
            posteriors[row] = self.posteriors(samples[position - WINDOW : position])
            progress(HOP if row else 0)
        scores = smooth(posteriors[:, self._columns], SMOOTHING)
        return [self._trace(positions, posteriors, scores, threshold) for threshold in THRESHOLDS]

    def _trace(
        self, positions: npt.NDArray[np.int64], posteriors: Array, scores: Array, threshold: float
    ) -> Trace:
        keywords = [
            KeywordSettings(
                word=word, threshold=threshold, release=threshold / 2, smoothing=SMOOTHING
            )
            for word in self._words
        ]
        decision = DecisionSettings()
        return Trace(
            listener=f"{self._name} slid, {threshold:g}",
            keywords=keywords,
            columns=self._columns,
            decision=decision,
            positions=positions,
            posteriors=posteriors,
            scores=scores,
            detections=decide_again(positions, scores, keywords, decision),
        )


def _load(path: Path) -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError(
            "a TensorFlow Lite model needs ai-edge-litert: pip install ai-edge-litert"
        ) from error
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=1)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path}: this is not a TensorFlow Lite model ({error})") from error
    return interpreter
