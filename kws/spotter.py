"""The chain from samples to detections, which knows no device, socket, thread or clock."""

import difflib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kws.audio.validity import valid
from kws.detect.bounds import BoundsState, WordBounds, decibels
from kws.detect.detection import Detection
from kws.detect.detector import Detector, DetectorState
from kws.errors import ConfigError
from kws.features.mfcc import Frames, IncrementalMfcc, MfccState
from kws.model.bundle import Model, load_model
from kws.model.lstm import Engine, StatefulLstm
from kws.model.spec import KeywordSettings

Samples = npt.NDArray[np.floating]

_FLUSH_SECONDS = 0.5
NONFINITE = "nonfinite"
"""The reason of a reset that a sample which is no number brought about."""


class Row(NamedTuple):
    """One row of posteriors, for those who want to watch (`Spotter.observer`)."""

    position: int
    """Sample up to which the stream was heard."""
    posteriors: npt.NDArray[np.floating]
    """(labels,) output of the network, adding up to 1."""
    scores: npt.NDArray[np.floating]
    """(keywords,) smoothed posteriors, in the order of `Spotter.keywords`."""
    level_dbfs: float
    """Level of the newest window."""


@dataclass(frozen=True, slots=True, eq=False)
class SpotterState:
    """Everything a spotter remembers of its stream, as a value that can be kept and restored."""

    position: int
    origin: int
    rows: int
    mfcc: MfccState
    network: Any
    detector: DetectorState
    bounds: BoundsState


class Spotter:
    """Finds keywords in an endless mono signal at 16 kHz.

        spotter = Spotter()
        detections = spotter.feed(samples) + spotter.flush()

    The same samples give the same detections, to the bit, however they are cut into calls.  One
    spotter serves one stream and one thread; many can share one `Model`.

    Attributes:
        model: what is listening.
        observer: called with every `Row`, or None.
        position: samples heard or skipped so far, the index of the next one.
        resets: how often the state was reset, by reason.
        nonfinite: samples so far that were NaN, infinite or absurdly large (see `valid`).
    """

    def __init__(
        self,
        model: Model | str | os.PathLike[str] | None = None,
        *,
        words: Iterable[str] | None = None,
        thresholds: float | Mapping[str, float] | None = None,
        engine: Engine | None = None,
    ) -> None:
        """Listen with `model` (a `Model`, a folder, a name, or None for the one that comes along).

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
        self._keywords = self._chosen(words)
        self._columns = [spec.labels.index(keyword.word) for keyword in self._keywords]
        self._mfcc = IncrementalMfcc(spec.features, self.model.matrices, spec.network.block)
        self._engine: Engine = engine or StatefulLstm(
            spec.network, self.model.weights, spec.features.coefficients, len(spec.labels)
        )
        self._detector = Detector(self._keywords, spec.decision)
        self._bounds = WordBounds(self.model)
        self.observer: Callable[[Row], None] | None = None
        self.position = 0
        self.resets: Counter[str] = Counter()
        self.nonfinite = 0
        self._start_afresh()
        if isinstance(thresholds, Mapping):
            for word, value in thresholds.items():
                self.set_threshold(word, value)
        elif thresholds is not None:
            for word in self.keywords:
                self.set_threshold(word, thresholds)

    @property
    def keywords(self) -> list[str]:
        """The words that may fire."""
        return [keyword.word for keyword in self._keywords]

    @property
    def thresholds(self) -> dict[str, float]:
        """The threshold in force of every word."""
        return dict(zip(self.keywords, self._detector.thresholds.tolist(), strict=True))

    def set_threshold(self, word: str, value: float) -> None:
        """Change the threshold of `word`, between 0 and 1; its release moves in proportion.

        Raises:
            ConfigError: `word` is not listened for, or `value` is not between 0 and 1.
        """
        if word not in self.keywords:
            raise ConfigError(_unknown_word(word, self.keywords))
        if not 0 < value < 1:
            raise ConfigError(f"the threshold of {word!r} is {value}, it must lie between 0 and 1")
        self._detector.thresholds[self.keywords.index(word)] = value

    def feed(self, samples: Samples) -> list[Detection]:
        """Listen to `samples` (N,), float in [-1, 1] at 16 kHz, any N; give back what was heard.

        A sample that is not `valid` (NaN, infinite, absurdly large) is counted and resets the
        state; the stream goes on behind it.

        Raises:
            ValueError: `samples` is not a one-dimensional array of floats.
        """
        samples = np.asarray(samples)
        if samples.ndim != 1 or samples.dtype.kind != "f":
            raise ValueError(
                "samples must be a one-dimensional array of floats in [-1, 1], "
                f"not {samples.dtype} of shape {samples.shape}"
            )
        sound = valid(samples)
        if sound.all():
            return list(self._listen(samples))
        detections: list[Detection] = []
        edges = np.flatnonzero(np.diff(sound)) + 1
        for run, is_sound in zip(np.split(samples, edges), sound[[0, *edges]], strict=True):
            if is_sound:
                detections += self._listen(run)
            else:
                self.nonfinite += len(run)
                self.reset(NONFINITE, advance=len(run))
        return detections

    def flush(self) -> list[Detection]:
        """Let a word at the very end fire: listen to half a second of silence, by way of `feed`."""
        rate = self.model.spec.features.sample_rate
        return self.feed(np.zeros(round(_FLUSH_SECONDS * rate), np.float32))

    def reset(self, reason: str, advance: int = 0) -> None:
        """Forget the stream, as at a gap in the audio; what follows starts from fresh state.

        Args:
            reason: counted in `resets`.
            advance: samples known to be lost, by which `position` moves on.
        """
        self.resets[reason] += 1
        self.position += advance
        self._start_afresh()

    def snapshot(self) -> SpotterState:
        """The whole state as a value; what is fed later does not change it."""
        return SpotterState(
            position=self.position,
            origin=self._origin,
            rows=self._rows,
            mfcc=self._mfcc.snapshot(),
            network=self._network,
            detector=self._detector.snapshot(),
            bounds=self._bounds.snapshot(),
        )

    def restore(self, state: SpotterState) -> None:
        """Go on from a `snapshot` of a spotter with the same model and words."""
        self.position = state.position
        self._origin = state.origin
        self._rows = state.rows
        self._mfcc.restore(state.mfcc)
        self._network = state.network
        self._detector.restore(state.detector)
        self._bounds.restore(state.bounds)

    def _start_afresh(self) -> None:
        self._origin = self.position
        self._rows = 0
        self._mfcc.reset()
        self._network = self._engine.initial_state()
        self._detector.reset()
        self._bounds.reset()

    def _listen(self, samples: Samples) -> Iterator[Detection]:
        """Finite samples through the whole chain."""
        frames = self._mfcc.feed(samples)
        self.position += len(samples)
        posteriors, self._network = self._engine.step(frames.mfcc, self._network)
        block = self.model.spec.network.block
        for index, row in enumerate(posteriors):
            rows = slice(index * block, (index + 1) * block)
            yield from self._decide(Frames(frames.mfcc[rows], frames.power[rows]), row)

    def _decide(self, frames: Frames, posteriors: npt.NDArray[np.floating]) -> Iterator[Detection]:
        """One row of posteriors, and the frames that it came from."""
        spec = self.model.spec
        self._rows += 1
        newest_frame = self._rows * spec.network.block - 1
        fired = self._origin + newest_frame * spec.features.hop + spec.features.window
        self._bounds.push(frames)
        decision = self._detector.step(posteriors[self._columns].astype(np.float64), fired)
        if self.observer is not None:
            level = decibels(float(frames.power[-1]))
            self.observer(Row(fired, posteriors, decision.scores, level))
        if decision.fired is None:
            return
        keyword = self._keywords[decision.fired]
        start, end = self._bounds.locate(keyword, fired)
        yield Detection(
            keyword=keyword.word,
            score=float(decision.scores[decision.fired]),
            threshold=float(self._detector.thresholds[decision.fired]),
            start=max(start, self._origin),
            end=max(end, self._origin),
            fired=fired,
            level_dbfs=self._bounds.level_dbfs(start, end, fired),
        )

    def _chosen(self, words: Iterable[str] | None) -> list[KeywordSettings]:
        """The settings of the wished words, in the order of the model."""
        known = self.model.spec.keywords
        if words is None:
            return list(known)
        wanted = set(words)
        for word in sorted(wanted - set(self.model.words)):
            raise ConfigError(_unknown_word(word, self.model.words))
        if not wanted:
            raise ConfigError("no word to listen for: name at least one")
        return [keyword for keyword in known if keyword.word in wanted]


def _unknown_word(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it knows {', '.join(known)}"
    return f"the model does not listen for {word!r}: {hint}"
