"""What belongs to one stream alone: its memory, and the chain but for the network."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kws.errors import ConfigError, did_you_mean
from kws.samples import dbfs, valid
from kws.spotting.bounds import Bounds, BoundsState, Fired, WordBounds
from kws.spotting.detection import Detection
from kws.spotting.detector import Detector, DetectorState
from kws.spotting.lstm import Engine
from kws.spotting.mfcc import Frames, IncrementalMfcc, MfccState
from kws.spotting.model import Model
from kws.spotting.model_spec import KeywordSettings
from kws.spotting.row_clock import RowClock

Samples = npt.NDArray[np.floating]

LONGEST_PIECE = 16
"""Rows of posteriors computed at a time: more would save little, and leave the cache."""
NONFINITE = "nonfinite"
"""The reason for a reset that was caused by a sample which is not a number."""


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


class StreamState(NamedTuple):
    """Everything that is remembered of a stream, as a value that can be kept and restored."""

    position: int
    """Samples heard or skipped so far, the index of the next one."""
    origin: int
    """Sample at which the stream began, or was last reset."""
    rows: int
    """Rows of posteriors since then."""
    mfcc: MfccState
    network: Any
    detector: DetectorState
    bounds: BoundsState


class Stream:
    """An endless mono signal at 16 kHz, as somebody listens to it for keywords.

    Attributes:
        model: what is listening.
        observer: called with every `Row`, or None.
        resets: how often the state was reset, by reason; a run of bad samples that is cut over
            several calls counts once for each.
        nonfinite: samples so far that were NaN, infinite or absurdly large (see `valid`).
        state: all that is remembered, as a value: keep it to go on from there later.  Whoever
            steps framer and network puts their states back, and the position behind what was heard.
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
            mfcc: what will cut the samples; only asked for its initial state.
            words: the keywords that may fire, by default all of the model.
            thresholds: for all words, or by word; by default those of the model.

        Raises:
            ConfigError: a word that the model does not know, or a threshold outside 0 to 1.
        """
        self.model = model
        self._mfcc = mfcc
        self._keywords = _chosen(model, words)
        labels = model.spec.labels
        self._columns = np.array([labels.index(keyword.word) for keyword in self._keywords])
        self._engine = engine
        self._clock = RowClock.of(model.spec.features, model.spec.network.block)
        self._detector = Detector(self._keywords, model.spec.decision)
        self._bounds = WordBounds(model)
        self.observer: Callable[[Row], None] | None = None
        self.resets: Counter[str] = Counter()
        self.nonfinite = 0
        self.state = self._fresh_state(0)
        if isinstance(thresholds, Mapping):
            for word, value in thresholds.items():
                self.set_threshold(word, value)
        elif thresholds is not None:
            for word in self.keywords:
                self.set_threshold(word, thresholds)

    @property
    def position(self) -> int:
        """Samples heard or skipped so far, the index of the next one."""
        return self.state.position

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
            advance: samples known to be lost, by which the position moves on.
        """
        self.resets[reason] += 1
        self.state = self._fresh_state(self.state.position + advance)

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
        longest = LONGEST_PIECE * self._clock.step
        for run, good_run in zip(runs, is_good, strict=True):
            if not good_run:
                self.nonfinite += len(run)
                self.reset(NONFINITE, advance=len(run))
                continue
            for start in range(0, len(run), longest):
                yield run[start : start + longest]

    def decide(self, frames: Frames, posteriors: npt.NDArray[np.floating]) -> list[Detection]:
        """The detections in some rows of posteriors (T, K), and the frames they came from."""
        state, step, block = self.state, self._clock.step, self.model.spec.network.block
        first = state.origin + self._clock(state.rows)
        positions = range(first, first + len(posteriors) * step, step)
        decisions, detector = self._detector.step(
            posteriors[:, self._columns].astype(np.float64), positions, state.detector
        )
        if self.observer is not None:
            for index, position in enumerate(positions):
                level = dbfs(float(frames.power[(index + 1) * block - 1]))
                self.observer(Row(position, posteriors[index], decisions.scores[index], level))
        fired = [
            Fired(self._keywords[word], (row + 1) * block, positions[row])
            for row, word in decisions.fired
        ]
        found, bounds = self._bounds.step(frames, fired, state.bounds)
        self.state = state._replace(
            rows=state.rows + len(posteriors), detector=detector, bounds=bounds
        )
        return [
            self._detection(word, decisions.scores[row], positions[row], place)
            for (row, word), place in zip(decisions.fired, found, strict=True)
        ]

    def _detection(
        self, word: int, scores: npt.NDArray[np.floating], fired: int, bounds: Bounds
    ) -> Detection:
        """What is said of a word that has fired."""
        return Detection(
            keyword=self._keywords[word].word,
            score=float(scores[word]),
            threshold=float(self._detector.thresholds[word]),
            start=max(bounds.start, self.state.origin),
            end=max(bounds.end, self.state.origin),
            fired=fired,
            level_dbfs=bounds.level_dbfs,
        )

    def _fresh_state(self, position: int) -> StreamState:
        """The state before the sample at `position`, of a stream that begins there."""
        return StreamState(
            position=position,
            origin=position,
            rows=0,
            mfcc=self._mfcc.initial_state(),
            network=self._engine.initial_state(),
            detector=self._detector.initial_state(),
            bounds=self._bounds.initial_state(),
        )


def _chosen(model: Model, words: Iterable[str] | None) -> list[KeywordSettings]:
    """The settings of the chosen words, in the order of the model."""
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
