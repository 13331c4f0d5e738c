"""One stream and what was heard on it, to figures."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from kws.corpus.matching import TOLERANCE, Alarm, Firing, Hit, Matching, match
from kws.evaluation.curves import Sweep, sweep, trade_off
from kws.evaluation.intervals import bootstrap_mean, percentile_interval, poisson_interval
from kws.evaluation.results import AlarmResult, Event, StreamResult, WordMisses
from kws.evaluation.streams import MeasuredStream
from kws.evaluation.traces import Trace
from kws.samples import RATE
from kws.spotting.detection import Detection

_MS = 1000 / RATE
_ERRORS = ("wrong word", "other word", "double")


def measure_clips(
    stream: MeasuredStream, trace: Trace, speech: Sweep | None, seed: int
) -> StreamResult:
    """Figures of a stream of clips.

    Args:
        speech: the false alarms on speech without keywords, for the second curve.
    """
    matching = match(trace.detections, stream.placements, trace.words)
    swept = sweep(trace, stream.placements, stream.hours)
    total = len(matching.hits) + len(matching.misses)
    missed = np.repeat((0.0, 1.0), (len(matching.hits), len(matching.misses)))
    low, high = percentile_interval(bootstrap_mean(missed, np.random.default_rng((seed, 6))))
    latencies = np.array([hit.latency * _MS for hit in matching.hits])
    p50, p95 = np.percentile(latencies, (50, 95)).tolist() if len(latencies) else (None, None)
    counts = matching.alarm_counts()
    start_error, end_error = _bound_errors(matching.hits)
    return StreamResult(
        listener=trace.listener,
        stream=stream.name,
        hours=stream.hours,
        keywords=total,
        others=len(stream.placements) - total,
        misses=len(matching.misses),
        miss_rate=matching.miss_rate,
        miss_low=low,
        miss_high=high,
        alarms={str(kind): count for kind, count in counts.items()},
        alarms_per_hour=len(matching.alarms) / stream.hours,
        errors_per_clip=sum(counts[kind] for kind in counts if kind in _ERRORS)
        / len(stream.placements),
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        latencies_ms=[round(float(latency), 1) for latency in latencies],
        start_error_ms=start_error,
        end_error_ms=end_error,
        words=_word_misses(trace.words, matching),
        cut_off=_cut_off(matching),
        missed=_misses(stream, matching, trace),
        false_alarms=_loudest(_alarm_event(stream.name, alarm) for alarm in matching.alarms),
        against_stream=trade_off(swept.hits, swept, seed),
        against_speech=trade_off(swept.hits, speech, seed) if speech else None,
    )


def measure_alarms(stream: MeasuredStream, trace: Trace) -> tuple[AlarmResult, Sweep]:
    """Figures of a stream in which nothing should fire: every detection is a false alarm."""
    hours = stream.recorded_hours
    swept = sweep(trace, stream.placements, hours)
    alarms = match(trace.detections, stream.placements, trace.words).alarms
    low, high = poisson_interval(len(alarms), hours)
    result = AlarmResult(
        listener=trace.listener,
        material=stream.name,
        hours=hours,
        recordings=len(stream.placements),
        alarms=len(alarms),
        per_hour=len(alarms) / hours,
        low=low,
        high=high,
        words=dict(Counter(alarm.detection.keyword for alarm in alarms).most_common()),
        curve=swept.alarms_per_hour.tolist(),
        false_alarms=_loudest(_alarm_event(stream.name, alarm) for alarm in alarms),
    )
    return result, swept


def _bound_errors(hits: Sequence[Hit[Firing]]) -> tuple[float | None, float | None]:
    """Median distance of start and end from those of the word, in ms, where detections have any."""
    bounds = [
        (hit.detection.start - hit.placement.word_start, hit.detection.end - hit.placement.word_end)
        for hit in hits
        if isinstance(hit.detection, Detection)
    ]
    if not bounds:
        return None, None
    start, end = np.median(np.abs(bounds), axis=0) * _MS
    return float(start), float(end)


def _word_misses(words: Sequence[str], matching: Matching[Firing]) -> dict[str, WordMisses]:
    hits = Counter(hit.placement.word for hit in matching.hits)
    misses = Counter(placed.word for placed in matching.misses)
    return {word: WordMisses(hits[word] + misses[word], misses[word]) for word in words}


def _cut_off(matching: Matching[Firing]) -> WordMisses:
    misses = sum(placed.cut_off for placed in matching.misses)
    return WordMisses(misses + sum(hit.placement.cut_off for hit in matching.hits), misses)


def _misses(stream: MeasuredStream, matching: Matching[Firing], trace: Trace) -> list[Event]:
    """The missed clips, the one with the lowest score first."""
    instead = {
        alarm.placement: alarm.detection.keyword for alarm in matching.alarms if alarm.placement
    }
    events = []
    for placed in matching.misses:
        first, last = np.searchsorted(
            trace.positions, (placed.clip_start, placed.clip_end + TOLERANCE)
        )
        scores = trace.scores[first:last, trace.words.index(placed.word)]
        events.append(
            Event(
                stream=stream.name,
                seconds=_seconds(placed.word_end),
                recording=placed.name,
                said=placed.word,
                heard=instead.get(placed, ""),
                score=_rounded(scores.max(initial=0)),
                kind="miss",
            )
        )
    return sorted(events, key=lambda event: event.score)


def _alarm_event(stream: str, alarm: Alarm[Firing]) -> Event:
    placed = alarm.placement
    return Event(
        stream=stream,
        seconds=_seconds(alarm.detection.fired),
        recording=placed.name if placed else "",
        said=placed.word if placed else "",
        heard=alarm.detection.keyword,
        score=_rounded(alarm.detection.score),
        kind=alarm.kind,
    )


def _loudest(events: Iterable[Event]) -> list[Event]:
    """The surest first."""
    return sorted(events, key=lambda event: -event.score)


def _seconds(position: int) -> float:
    return round(position / RATE, 2)


def _rounded(score: float) -> float:
    return round(float(score), 4)
