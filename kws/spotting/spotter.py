"""The chain from samples to detections, which knows no device, socket, thread or clock."""

import os
from collections.abc import Iterable, Mapping

import numpy as np

from kws.spotting.detection import Detection
from kws.spotting.lstm import Engine, StatefulLstm
from kws.spotting.mfcc import IncrementalMfcc
from kws.spotting.model import Model, load_model
from kws.spotting.stream import Row, Samples, Stream, StreamState

__all__ = ["Row", "Samples", "Spotter", "StreamState"]

FLUSH_SECONDS = 0.5


class Spotter:
    """Finds keywords in an endless mono signal at 16 kHz.

        spotter = Spotter()
        detections = spotter.feed(samples) + spotter.flush()

    The same samples give the same detections, to the bit, however they are cut into calls.  One
    spotter serves one stream and one thread; many can share one `Model`.  For many streams in one
    thread there is `MultiSpotter`.

    Attributes:
        model: what is listening.
        stream: what is remembered and counted of the signal: its position, its state, thresholds
            that can be changed, `reset` (see `Stream`).
    """

    def __init__(
        self,
        model: Model | str | os.PathLike[str] | None = None,
        *,
        words: Iterable[str] | None = None,
        thresholds: float | Mapping[str, float] | None = None,
        engine: Engine | None = None,
    ) -> None:
        """Listen with `model` (a `Model`, a folder, a name, or None for the bundled one).

        Args:
            words: the keywords that may fire, by default all of the model.
            thresholds: for all words, or by word; by default those of the model.
            engine: what runs the network, by default `StatefulLstm`.

        Raises:
            ModelError: the model cannot be loaded.
            ConfigError: a word that the model does not know, or a threshold outside 0 to 1.
        """
        self.model = model if isinstance(model, Model) else load_model(model)
        spec = self.model.spec
        self._mfcc = IncrementalMfcc(spec.features, self.model.matrices, spec.network.block)
        self._engine = engine or StatefulLstm(
            spec.network, self.model.weights, spec.features.coefficients, len(spec.labels)
        )
        self.stream = Stream(
            self.model, self._engine, self._mfcc, words=words, thresholds=thresholds
        )

    def feed(self, samples: Samples) -> list[Detection]:
        """Listen to `samples` (N,), float in [-1, 1] at 16 kHz, any N; give back what was heard.

        A sample that is not `valid` (NaN, infinite, absurdly large) is counted and resets the
        state; the stream goes on behind it.

        Raises:
            ValueError: `samples` is not a one-dimensional array of floats.
        """
        stream = self.stream
        detections: list[Detection] = []
        for piece in stream.pieces(samples):
            state = stream.state
            frames, mfcc = self._mfcc.step(piece, state.mfcc)
            posteriors, network = self._engine.step(frames.mfcc, state.network)
            stream.state = state._replace(
                position=state.position + len(piece), mfcc=mfcc, network=network
            )
            detections += stream.decide(frames, posteriors)
        return detections

    def flush(self) -> list[Detection]:
        """Let a word at the very end fire: `feed` half a second of silence."""
        rate = self.model.spec.features.sample_rate
        return self.feed(np.zeros(round(FLUSH_SECONDS * rate), np.float32))
