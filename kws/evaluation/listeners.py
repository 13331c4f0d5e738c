"""Who is measured: the shipped spotter, with its own runtime or as a baseline."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kws.evaluation.traces import Trace
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.spotting.lstm import Engine
from kws.spotting.model import Model
from kws.spotting.spotter import Row, Spotter

_FEED = RATE

Array = npt.NDArray[np.floating]
Progress = Callable[[int], None]


class Listener(Protocol):
    """Anything that spots words in a stream."""

    def listen(self, samples: Array, progress: Progress) -> list[Trace]:
        """Hear a stream (N,) from fresh state; tell `progress` how many samples went by.

        Most listeners give one trace; one that tries several settings at once gives one for each.
        """


class SpotterListener:
    """The shipped `Spotter` with a model."""

    def __init__(self, model: Model, engine: Engine | None = None) -> None:
        """Listen with `model`, whose network `engine` runs, by default the shipped runtime."""
        self._model = model
        self._engine = engine

    def listen(self, samples: Array, progress: Progress) -> list[Trace]:
        """Hear a stream (N,) as a new spotter does, `flush` included."""
        spotter = Spotter(self._model, engine=self._engine)
        rows: list[Row] = []
        detections: list[Detection] = []
        spotter.stream.observer = rows.append
        for start in range(0, len(samples), _FEED):
            block = samples[start : start + _FEED]
            detections += spotter.feed(block)
            progress(len(block))
        detections += spotter.flush()
        spec = self._model.spec
        trace = Trace(
            listener=spec.name,
            keywords=list(spec.keywords),
            columns=[spec.labels.index(keyword.word) for keyword in spec.keywords],
            decision=spec.decision,
            positions=np.array([row.position for row in rows], np.int64),
            posteriors=_table([row.posteriors for row in rows], len(spec.labels)),
            scores=_table([row.scores for row in rows], len(spec.keywords)),
            detections=detections,
        )
        return [trace]


def _table(rows: list[Array], columns: int) -> Array:
    return np.array(rows).reshape(-1, columns)
