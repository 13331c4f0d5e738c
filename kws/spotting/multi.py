"""Many streams at once: one network, one set of weights, one product for all of them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from threadpoolctl import ThreadpoolController

from kws.spotting.detection import Detection
from kws.spotting.lstm import Array, LstmState, StatefulLstm
from kws.spotting.mfcc import Frames, IncrementalMfcc
from kws.spotting.model import Model, load_model
from kws.spotting.spotter import FLUSH_SECONDS
from kws.spotting.stream import Samples, Stream

LANES = 16
"""Streams per product: more save little, and are computed in vain when there are fewer streams."""


class MultiSpotter:
    """Finds keywords in many independent mono signals at 16 kHz, in one thread.

        spotter = MultiSpotter()
        kitchen, hall = spotter.add(), spotter.add(words=["stop"])
        for stream, detections in spotter.feed({kitchen: samples, hall: others}).items(): ...

    Each stream has its own state, thresholds and position (see `Stream`), can be fed any amounts at
    any time, reset, saved and restored alone, added and removed.  It gives the detections that a
    `Spotter` would give.

    What is guaranteed: the network is always computed for `lanes` streams at a time, in which each
    has a fixed place; empty places are computed as silence.  So no stream has an influence on
    another, and how the samples are cut or which streams are fed together changes nothing, to the
    bit.  The scores differ from those of a `Spotter` in their last bits (less than 1e-5), because
    products of other shapes round in another order; the features are the same to the bit.

    It pays to feed all streams together, in equal amounts: streams with samples share the work.
    While it works, the BLAS of the process is kept to one thread; where several threads do so at
    the same time, it may stay like that.
    """

    def __init__(
        self, model: Model | str | os.PathLike[str] | None = None, *, lanes: int = LANES
    ) -> None:
        """Listen with `model` (a `Model`, a folder, a name, or None for the bundled one).

        Args:
            lanes: how many streams are computed in one product.

        Raises:
            ModelError: the model cannot be loaded.
            ValueError: `lanes` is less than 1.
        """
        if lanes < 1:
            raise ValueError(f"lanes is {lanes}, it must be at least 1")
        self.model = model if isinstance(model, Model) else load_model(model)
        spec = self.model.spec
        self._mfcc = IncrementalMfcc(spec.features, self.model.matrices, spec.network.block)
        self._engine = StatefulLstm(
            spec.network, self.model.weights, spec.features.coefficients, len(spec.labels)
        )
        # A program that loaded numpy before kws has a BLAS of many threads, and these products are
        # just large enough to be shared out: where other work keeps the cores busy, a product then
        # takes fifty times as long.
        self._blas = ThreadpoolController().select(user_api="blas")
        self._empty = self._engine.initial_state()
        self._lanes = lanes
        self._places: list[Stream | None] = []

    @property
    def streams(self) -> list[Stream]:
        """All streams, in no particular order."""
        return [stream for stream in self._places if stream is not None]

    def add(
        self,
        *,
        words: Iterable[str] | None = None,
        thresholds: float | Mapping[str, float] | None = None,
    ) -> Stream:
        """A new stream, at its start; for its `words` and `thresholds` see `Spotter`.

        Raises:
            ConfigError: a word that the model does not know, or a threshold outside 0 to 1.
        """
        stream = Stream(self.model, self._engine, self._mfcc, words=words, thresholds=thresholds)
        if None in self._places:
            self._places[self._places.index(None)] = stream
        else:
            self._places.append(stream)
        return stream

    def remove(self, stream: Stream) -> None:
        """Forget `stream`; the others stay where they are.

        Raises:
            ValueError: it is not one of `streams`.
        """
        self._places[self._places.index(stream)] = None

    def feed(self, samples: Mapping[Stream, Samples]) -> dict[Stream, list[Detection]]:
        """Listen to samples (N,) of some streams, float in [-1, 1] at 16 kHz, any N for each.

        Returns:
            what was heard, by stream, as `Spotter.feed` gives it.

        Raises:
            ValueError: a stream is not one of ours, or its samples are not a one-dimensional array
                of floats; then no stream has heard anything.
        """
        if samples.keys() - set(self.streams):
            raise ValueError("samples for a stream that is not, or no longer, one of ours")
        waiting = {stream: stream.pieces(block) for stream, block in samples.items()}
        with self._blas.limit(limits=1):
            return self._feed(waiting)

    def _feed(self, waiting: dict[Stream, Iterator[Samples]]) -> dict[Stream, list[Detection]]:
        """What is found in the pieces that each stream is to hear."""
        found: dict[Stream, list[Detection]] = {stream: [] for stream in waiting}
        while waiting:
            pieces = {s: piece for s in waiting if (piece := next(waiting[s], None)) is not None}
            waiting = {stream: waiting[stream] for stream in pieces}
            for group in self._groups():
                frames = self._frames({s: pieces[s] for s in group if s in pieces})
                for stream, posteriors in self._posteriors(group, frames).items():
                    found[stream] += stream.decide(frames[stream], posteriors)
        return found

    def flush(self, streams: Iterable[Stream] | None = None) -> dict[Stream, list[Detection]]:
        """Let a word at the very end of `streams` (all by default) fire: see `Spotter.flush`."""
        rate = self.model.spec.features.sample_rate
        silence = np.zeros(round(FLUSH_SECONDS * rate), np.float32)
        return self.feed(dict.fromkeys(self.streams if streams is None else streams, silence))

    def _groups(self) -> Iterator[Sequence[Stream | None]]:
        """The streams that share a product, each in its place."""
        for start in range(0, len(self._places), self._lanes):
            yield self._places[start : start + self._lanes]

    def _frames(self, pieces: Mapping[Stream, Samples]) -> dict[Stream, Frames]:
        """The frames that some samples complete; streams without any are left out."""
        cut = {}
        for stream, piece in pieces.items():
            state = stream.state
            windows, mfcc = self._mfcc.cut(piece, state.mfcc)
            stream.state = state._replace(position=state.position + len(piece), mfcc=mfcc)
            if len(windows.power):
                cut[stream] = windows
        if not cut:
            return {}
        coefficients = self._mfcc.transform(np.concatenate([w.tapered for w in cut.values()]))
        frames, begin = {}, 0
        for stream, windows in cut.items():
            end = begin + len(windows.power)
            frames[stream] = Frames(coefficients[begin:end], windows.power)
            begin = end
        return frames

    def _posteriors(
        self, group: Sequence[Stream | None], frames: Mapping[Stream, Frames]
    ) -> dict[Stream, Array]:
        """Step the network of some streams of a group; gives (T / block, K) each."""
        parts: dict[Stream, list[Array]] = {stream: [] for stream in frames}
        lanes = {s: lane for lane, s in enumerate(group) if s is not None and s in frames}
        begin = 0
        # As far as the stream with the fewest frames goes, then on without it.
        for end in sorted({len(frames[stream].mfcc) for stream in lanes}):
            lanes = {s: lane for s, lane in lanes.items() if len(frames[s].mfcc) >= end}
            batch = np.zeros((self._lanes, end - begin, self._mfcc.spec.coefficients), np.float32)
            states = [self._empty] * self._lanes
            for stream, lane in lanes.items():
                batch[lane] = frames[stream].mfcc[begin:end]
                states[lane] = stream.state.network
            posteriors, after = self._engine.step_lanes(batch, LstmState.side_by_side(states))
            for stream, lane in lanes.items():
                parts[stream].append(posteriors[lane])
                stream.state = stream.state._replace(network=after.lane(lane))
            begin = end
        return {stream: np.concatenate(rows) for stream, rows in parts.items()}
