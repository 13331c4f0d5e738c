"""What belongs to one stream alone: its memory, and the chain but for the network."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kws.audio.level import dbfs
from kws.audio.validity import valid
from kws.detect.bounds import BoundsState, WordBounds
from kws.detect.detection import Detection
from kws.detect.detector import Detector, DetectorState
from kws.errors import ConfigError
from kws.features.mfcc import Frames, IncrementalMfcc, MfccState
from kws.model.bundle import Model
from kws.model.lstm import Engine
from kws.model.spec import KeywordSettings
from kws.suggestions import did_you_mean

Samples = npt.NDArray[np.floating]

LONGEST_PIECE = 16
"""Rows of posteriors computed at a time: more would save little, and leave the cache."""
NONFINITE = "nonfinite"
"""The reason of a reset that a sample which is no number brought about."""


class Row(NamedTuple):
    """One row of posteriors, for those who want to watch (`Stream.observer`)."""

    position: int
    """Sample up to which the stream was heard."""
    posteriors: npt.NDArray[np.floating]
    """(labels,) output of the network, adding up to 1."""
    scores: npt.NDArray[np.floating]
    """(keywords,) smoothed posteriors, in the order of `Stream.keywords`."""
    level_dbfs: float
    """Level of the newest window."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamState:
    """Everything that is remembered of a stream, as a value that can be kept and restored."""

    position: int
    origin: int
    rows: int
    mfcc: MfccState
    network: Any
    detector: DetectorState
    bounds: BoundsState


class Stream:
    """An endless mono signal at 16 kHz, as somebody listens to it for keywords.

    Attributes:
        model: what is listening.
        observer: called with every `Row`, or None.
        position: samples heard or skipped so far, the index of the next one.
        resets: how often the state was reset, by reason; a run of bad samples that is cut over
            several calls counts once for each.
        nonfinite: samples so far that were NaN, infinite or absurdly large (see `valid`).
        mfcc: cuts the samples into frames.
        network: the state of the network, for whoever steps it.
    """

    def __init__(
        self,
        model: Model,
        engine: Engine,
        mfcc: IncrementalMfcc,
        *,
        words: Iterable[str] | None = None,
        thresholds: float | Mapping[str, float] | None = None,
    ) -> None:
        """Listen to nothing yet.

        Args:
            engine: what will step the network; only asked for its initial state.
            mfcc: a framer that is used for no other stream.
            words: the keywords that may fire, by default all of the model.
            thresholds: for all words, or by word; by default those of the model.

        Raises:
            ConfigError: a word that the model does not know, or a threshold outside 0 to 1.
        """
        self.model = model
        self.mfcc = mfcc
        self._keywords = _chosen(model, words)
        labels = model.spec.labels
        self._columns = np.array([labels.index(keyword.word) for keyword in self._keywords])
        self._engine = engine
        self._detector = Detector(self._keywords, model.spec.decision)
        self._bounds = WordBounds(model)
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

    def reset(self, reason: str, advance: int = 0) -> None:
        """Forget the stream, as at a gap in the audio; what follows starts from fresh state.

        Args:
            reason: counted in `resets`.
            advance: samples known to be lost, by which `position` moves on.
        """
        self.resets[reason] += 1
        self.position += advance
        self._start_afresh()

    def snapshot(self) -> StreamState:
        """The whole state as a value; what is heard later does not change it."""
        return StreamState(
            position=self.position,
            origin=self._origin,
            rows=self._rows,
            mfcc=self.mfcc.snapshot(),
            network=self.network,
            detector=self._detector.snapshot(),
            bounds=self._bounds.snapshot(),
        )

    def restore(self, state: StreamState) -> None:
        """Go on from a `snapshot` of a stream with the same model and words."""
        self.position = state.position
        self._origin = state.origin
        self._rows = state.rows
        self.mfcc.restore(state.mfcc)
        self.network = state.network
        self._detector.restore(state.detector)
        self._bounds.restore(state.bounds)

    def pieces(self, samples: Samples) -> Iterator[Samples]:
        """The sound in `samples` (N,), any N, in pieces to be heard one after the other.

        What is not `valid` is left out; when the iteration comes to it, it is counted and the
        state is reset.

        Raises:
            ValueError: `samples` is not a one-dimensional array of floats.
        """
        samples = np.asarray(samples)
        if samples.ndim != 1 or samples.dtype.kind != "f":
            raise ValueError(
                "samples must be a one-dimensional array of floats in [-1, 1], "
                f"not {samples.dtype} of shape {samples.shape}"
            )
        return self._valid_pieces(samples)

    def _valid_pieces(self, samples: Samples) -> Iterator[Samples]:
        """What `pieces` gives."""
        good = valid(samples)
        runs, is_good = [samples], [True]
        if not good.all():
            edges = np.flatnonzero(np.diff(good)) + 1
            runs, is_good = np.split(samples, edges), good[[0, *edges]].tolist()
        longest = LONGEST_PIECE * self.model.spec.row_samples
        for run, good_run in zip(runs, is_good, strict=True):
            if not good_run:
                self.nonfinite += len(run)
                self.reset(NONFINITE, advance=len(run))
                continue
            for start in range(0, len(run), longest):
                piece = run[start : start + longest]
                self.position += len(piece)
                yield piece

    def decide(self, frames: Frames, posteriors: npt.NDArray[np.floating]) -> list[Detection]:
        """The detections in some rows of posteriors (T, K), and the frames they came from."""
        spec = self.model.spec
        block, hop = spec.network.block, spec.features.hop
        # The sample at which each row was complete: that at which its newest window ends.
        first = self._origin + self._rows * block * hop + (block - 1) * hop + spec.features.window
        positions = range(first, first + len(posteriors) * block * hop, block * hop)
        self._rows += len(posteriors)
        decisions = self._detector.feed(posteriors[:, self._columns].astype(np.float64), positions)
        if self.observer is not None:
            for index, position in enumerate(positions):
                level = dbfs(float(frames.power[(index + 1) * block - 1]))
                self.observer(Row(position, posteriors[index], decisions.scores[index], level))
        detections = []
        pushed = 0
        for row, word in decisions.fired:
            upto = (row + 1) * block
            self._bounds.push(Frames(frames.mfcc[pushed:upto], frames.power[pushed:upto]))
            pushed = upto
            detections.append(self._detection(word, decisions.scores[row], positions[row]))
        self._bounds.push(Frames(frames.mfcc[pushed:], frames.power[pushed:]))
        return detections

    def _detection(self, word: int, scores: npt.NDArray[np.floating], fired: int) -> Detection:
        """A word has fired, and the frames up to `fired` have been pushed."""
        keyword = self._keywords[word]
        start, end = self._bounds.locate(keyword, fired)
        return Detection(
            keyword=keyword.word,
            score=float(scores[word]),
            threshold=float(self._detector.thresholds[word]),
            start=max(start, self._origin),
            end=max(end, self._origin),
            fired=fired,
            level_dbfs=self._bounds.level_dbfs(start, end, fired),
        )

    def _start_afresh(self) -> None:
        self._origin = self.position
        self._rows = 0
        self.mfcc.reset()
        self.network = self._engine.initial_state()
        self._detector.reset()
        self._bounds.reset()


def _chosen(model: Model, words: Iterable[str] | None) -> list[KeywordSettings]:
    """The settings of the wished words, in the order of the model."""
    known = model.spec.keywords
    if words is None:
        return list(known)
    wanted = set(words)
    for word in sorted(wanted - set(model.words)):
        raise ConfigError(_unknown_word(word, model.words))
    if not wanted:
        raise ConfigError("no word to listen for: name at least one")
    return [keyword for keyword in known if keyword.word in wanted]


def _unknown_word(word: str, known: list[str]) -> str:
    return f"the model does not listen for {word!r}: {did_you_mean(word, known)}"
