"""Thresholds for a given number of false alarms an hour, chosen on the validation part.

One threshold is common to all words, and each word may differ from it by an offset.  A word has few
clips to tell its offset by, so the offset is shrunk towards 0, by n / (n + 100) for n clips.  All
thresholds are compared and moved in log-odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.corpus.matching import Hit, Matching, Placement, match
from kws.errors import ConfigError
from kws.evaluation.intervals import poisson_interval
from kws.evaluation.streams import MeasuredStream
from kws.evaluation.traces import Trace, sigmoid, with_threshold
from kws.spotting.model_spec import KeywordSettings, ModelSpec
from kws.spotting.redecision import Trial, decide_again, smooth

SMOOTHINGS = (1, 2, 3, 4, 5)
"""Rows of posteriors in the moving average that are tried."""
_LEVELS = tuple(step / 10 for step in range(-10, 81))
"""Common thresholds that are tried, in log-odds: 0.27 to 0.9997."""
_OFFSETS = tuple(step / 4 for step in range(-6, 7))
_SHRINKAGE = 100
_FEWEST_HITS = 10
"""Hits from which the usual delay of a word is taken from its own."""

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A stream of the validation part and what was heard on it."""

    trace: Trace
    placements: list[Placement]
    hours: float
    quiet: bool
    """Nothing should fire here; else it is a stream of clips."""


class Outcome(msgspec.Struct, frozen=True):
    """What a set of thresholds gives on the validation part."""

    keywords: int
    misses: int
    clip_errors: int
    """False alarms on the streams of clips: wrong words, other words, doubles, background."""
    alarms: int
    """False alarms where nothing should fire."""
    hours: float
    low: float
    """95 % bounds of alarms an hour."""
    high: float

    @property
    def miss_rate(self) -> float:
        """Share of keywords missed."""
        return self.misses / self.keywords

    @property
    def errors(self) -> int:
        """All mistakes on the streams of clips."""
        return self.misses + self.clip_errors


class Tuning(msgspec.Struct, frozen=True):
    """What was chosen, and what it gives on the recordings it was chosen on."""

    wished: float
    """False alarms an hour."""
    smoothing: int
    common: float
    """The common threshold."""
    offsets: dict[str, float]
    """By word, in log-odds, shrunk; zeros if they did not pay."""
    before: Outcome
    after: Outcome


def heard(stream: MeasuredStream, trace: Trace, quiet: bool) -> Heard:
    """Keep what tuning needs of a stream."""
    hours = stream.recorded_hours if quiet else stream.hours
    return Heard(trace, stream.placements, hours, quiet)


def tune(
    spec: ModelSpec,
    streams: Sequence[Heard],
    wished: float,
    smoothings: Sequence[int] = SMOOTHINGS,
) -> tuple[list[KeywordSettings], Tuning]:
    """Settings of all keywords for `wished` false alarms an hour on the quiet ones of `streams`.

    The smoothing is that with the fewest mistakes on the streams of clips at the allowed rate.

    Raises:
        ConfigError: no threshold keeps to so few false alarms.
    """
    before = list(spec.keywords)
    plain = {rows: _plain(before, streams, wished, rows) for rows in smoothings}
    smoothing = min(smoothings, key=lambda rows: plain[rows][1].errors)
    tuner = _Tuner(before, streams, smoothing)
    level, after = plain[smoothing]
    zeros = dict.fromkeys(tuner.words, 0.0)
    offsets = tuner.offsets(level)
    shaped = tuner.level(offsets, wished)
    if shaped is not None and shaped[1].errors < after.errors:
        level, after = shaped
    else:
        offsets = zeros
    settings = tuner.delayed(tuner.settings(level, offsets))
    measured = _Tuner(before, streams, before[0].smoothing).outcome(before)
    return settings, Tuning(wished, smoothing, sigmoid(level), offsets, measured, after)


def _plain(
    keywords: list[KeywordSettings], streams: Sequence[Heard], wished: float, smoothing: int
) -> tuple[float, Outcome]:
    """The lowest common threshold, without offsets, that keeps to the allowed rate."""
    tuner = _Tuner(keywords, streams, smoothing)
    found = tuner.level(dict.fromkeys(tuner.words, 0.0), wished)
    if found is None:
        raise ConfigError(
            f"no threshold up to {sigmoid(_LEVELS[-1]):.4f} keeps to {wished:g} false alarms an "
            "hour on these recordings: wish for more, or train against what fires"
        )
    return found


class _Tuner:
    """Tries thresholds on streams whose posteriors were averaged over `smoothing` rows."""

    def __init__(
        self, keywords: list[KeywordSettings], streams: Sequence[Heard], smoothing: int
    ) -> None:
        self.words = [keyword.word for keyword in keywords]
        self._keywords = [
            msgspec.structs.replace(keyword, smoothing=smoothing) for keyword in keywords
        ]
        self._streams = streams
        self._scores = [_smoothed(one.trace, smoothing) for one in streams]

    def settings(self, level: float, offsets: dict[str, float]) -> list[KeywordSettings]:
        """Keywords with thresholds `level` + offset, releases in proportion."""
        return [
            with_threshold(keyword, sigmoid(level + offsets[keyword.word]))
            for keyword in self._keywords
        ]

    def outcome(self, settings: list[KeywordSettings]) -> Outcome:
        """What `settings` give on all streams."""
        clips = [self._match(index, settings) for index in self._indices(quiet=False)]
        quiet = [len(self._trials(index, settings)) for index in self._indices(quiet=True)]
        hours = sum(self._streams[index].hours for index in self._indices(quiet=True))
        misses = sum(len(matching.misses) for matching in clips)
        low, high = poisson_interval(sum(quiet), hours)
        return Outcome(
            keywords=misses + sum(len(matching.hits) for matching in clips),
            misses=misses,
            clip_errors=sum(len(matching.alarms) for matching in clips),
            alarms=sum(quiet),
            hours=hours,
            low=low,
            high=high,
        )

    def level(self, offsets: dict[str, float], wished: float) -> tuple[float, Outcome] | None:
        """The lowest common threshold from which on the rate stays within `wished`."""
        best = None
        hours = sum(self._streams[index].hours for index in self._indices(quiet=True))
        for level in reversed(_LEVELS):
            settings = self.settings(level, offsets)
            quiet = self._indices(quiet=True)
            if sum(len(self._trials(index, settings)) for index in quiet) > wished * hours:
                break
            best = level
        return None if best is None else (best, self.outcome(self.settings(best, offsets)))

    def offsets(self, level: float) -> dict[str, float]:
        """The offset of each word with the fewest mistakes of that word alone, shrunk."""
        clips = dict.fromkeys(self.words, 0)
        for placed in self._streams[self._indices(quiet=False)[0]].placements:
            if placed.word in clips:
                clips[placed.word] += 1
        offsets = {}
        for index, keyword in enumerate(self._keywords):
            # Of equal offsets the smallest is taken.
            tried = sorted(_OFFSETS, key=abs)
            best = min(tried, key=lambda offset: self._mistakes(index, level + offset))
            count = clips[keyword.word]
            offsets[keyword.word] = best * count / (count + _SHRINKAGE)
        return offsets

    def delayed(self, settings: list[KeywordSettings]) -> list[KeywordSettings]:
        """The same settings with `end_offset`, the usual delay of each word, as measured."""
        hits = [
            hit for index in self._indices(quiet=False) for hit in self._match(index, settings).hits
        ]
        return [_with_delay(keyword, hits) for keyword in settings]

    def _mistakes(self, word: int, level: float) -> int:
        """Misses and false alarms of one word, as if it were the only one."""
        setting = [with_threshold(self._keywords[word], sigmoid(level))]
        total = 0
        for one, scores in zip(self._streams, self._scores, strict=True):
            trials = decide_again(
                one.trace.positions, scores[:, word : word + 1], setting, one.trace.decision
            )
            matching = match(trials, one.placements, [setting[0].word])
            total += len(matching.misses) + len(matching.alarms)
        return total

    def _match(self, index: int, settings: list[KeywordSettings]) -> Matching[Trial]:
        trials = self._trials(index, settings)
        return match(trials, self._streams[index].placements, self.words)

    def _trials(self, index: int, settings: list[KeywordSettings]) -> list[Trial]:
        trace = self._streams[index].trace
        return decide_again(trace.positions, self._scores[index], settings, trace.decision)

    def _indices(self, quiet: bool) -> list[int]:
        return [index for index, one in enumerate(self._streams) if one.quiet == quiet]


def _smoothed(trace: Trace, rows: int) -> Array:
    return smooth(trace.posteriors[:, trace.columns], rows)


def _with_delay(keyword: KeywordSettings, hits: Sequence[Hit[Trial]]) -> KeywordSettings:
    own = [hit.latency for hit in hits if hit.placement.word == keyword.word]
    latencies = own if len(own) >= _FEWEST_HITS else [hit.latency for hit in hits]
    if not latencies:
        return keyword
    return msgspec.structs.replace(keyword, end_offset=int(np.median(latencies)))
