"""What two spotters made of the same days of audio, by one rule of matching."""

import bisect
from collections import Counter
from dataclasses import dataclass, field

import msgspec
import numpy as np
from scipy.stats import binomtest

from kws.corpus.matching import Alarm, Hit, Matching, Placement, match
from kws.evaluation.intervals import (
    CONFIDENCE,
    percentile_interval,
    poisson_interval,
    resampling_weights,
)
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.spotting.model import Model

HOUR = 3600 * RATE
MARGIN = round(1.5 * RATE)
SAME_ALARM = RATE // 2
"""Two spotters that fire with the same word so close together have heard the same thing."""
REPLICATES = 2000


class Layer(msgspec.Struct, frozen=True):
    """Sizes of one layer's state over some time."""

    cell: float
    """Mean of |c|."""
    hidden: float
    """Mean of |h|."""
    largest: float
    """The largest |c|."""


class Side(msgspec.Struct, frozen=True):
    """Figures of one spotter; bounds are those of 95 % intervals."""

    keywords: int
    misses: int
    miss_rate: float
    miss_low: float
    miss_high: float
    alarms: int
    alarms_per_hour: float
    alarms_low: float
    alarms_high: float
    kinds: dict[str, int]
    """Alarms by what was being said, see `kws.corpus.matching`."""


class Paired(msgspec.Struct, frozen=True):
    """Events that only one of the two had."""

    only_unbroken: int
    only_broken: int
    difference: float
    """Unbroken less broken, as a rate."""
    low: float
    high: float
    p_value: float


class Hour(msgspec.Struct, frozen=True):
    """One hour; pairs are the unbroken and the broken spotter."""

    layers: list[Layer]
    """Of the unbroken state."""
    keywords: int
    misses: tuple[int, int]
    alarms: tuple[int, int]


class SceneMisses(msgspec.Struct, frozen=True):
    """Keywords said in scenes of one kind; the pair is the unbroken and the broken spotter."""

    keywords: int
    misses: tuple[int, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found."""

    model: str
    sha256: str
    seed: int
    hours: float
    reset_seconds: float
    left_out: int
    """Keywords too near to a reset."""
    unbroken: Side
    broken: Side
    misses: Paired
    """A rate per keyword."""
    alarms: Paired
    """A rate per hour."""
    by_scene: dict[str, SceneMisses]
    by_hour: list[Hour]


@dataclass(slots=True, eq=False)
class Heard:
    """What both spotters said of the same audio."""

    unbroken: list[Detection] = field(default_factory=list)
    broken: list[Detection] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    scenes: list[tuple[int, str]] = field(default_factory=list)
    """Where each scene begins, and its kind."""
    state: list[list[Layer]] = field(default_factory=list)
    """Sizes of the unbroken state, per hour and layer."""
    length: int = 0
    """Samples."""


def near_reset(placed: Placement, period: int) -> bool:
    """Whether a word comes within `MARGIN` of a multiple of `period`."""
    first, last = placed.word_start - MARGIN, placed.word_end + MARGIN
    return last // period > (first - 1) // period


def compare(heard: Heard, model: Model, period: int, seed: int) -> Report:
    """Both spotters by the same rule, and what they disagree on."""
    left_out = {p for p in heard.placements if p.word and near_reset(p, period)}
    unbroken, broken = (
        _without(match(detections, heard.placements, model.words), left_out)
        for detections in (heard.unbroken, heard.broken)
    )
    hours = heard.length / HOUR
    keywords = len(unbroken.hits) + len(unbroken.misses)
    missed = set(unbroken.misses), set(broken.misses)
    return Report(
        model=model.spec.name,
        sha256=model.sha256,
        seed=seed,
        hours=hours,
        reset_seconds=period / RATE,
        left_out=len(left_out),
        unbroken=_side(unbroken, hours, seed),
        broken=_side(broken, hours, seed),
        misses=paired(len(missed[0] - missed[1]), len(missed[1] - missed[0]), keywords),
        alarms=paired(_alarms_only_in(unbroken, broken), _alarms_only_in(broken, unbroken), hours),
        by_scene=_by_scene(heard, (unbroken, broken)),
        by_hour=_by_hour(heard, (unbroken, broken)),
    )


def paired(first: int, second: int, total: float) -> Paired:
    """Events of only the first or only the second of two spotters, as a difference per `total`.

    McNemar's exact test: if both are alike, an event that only one of them has is as often the
    first's as the second's.  The interval is that of Clopper and Pearson for this share.
    """
    discordant = first + second
    if not discordant:
        bound = float(-np.log(1 - CONFIDENCE)) / total
        return Paired(0, 0, 0.0, -bound, bound, 1.0)
    test = binomtest(first, discordant)
    share = test.proportion_ci(CONFIDENCE, method="exact")
    low, high = ((2 * float(bound) - 1) * discordant / total for bound in (share.low, share.high))
    return Paired(first, second, (first - second) / total, low, high, float(test.pvalue))


def _without(matching: Matching[Detection], left_out: set[Placement]) -> Matching[Detection]:
    return Matching(
        [hit for hit in matching.hits if hit.placement not in left_out],
        [placed for placed in matching.misses if placed not in left_out],
        [alarm for alarm in matching.alarms if alarm.placement not in left_out],
    )


def _side(matching: Matching[Detection], hours: float, seed: int) -> Side:
    miss_low, miss_high = _miss_interval(matching, seed)
    low, high = poisson_interval(len(matching.alarms), hours)
    return Side(
        keywords=len(matching.hits) + len(matching.misses),
        misses=len(matching.misses),
        miss_rate=matching.miss_rate,
        miss_low=miss_low,
        miss_high=miss_high,
        alarms=len(matching.alarms),
        alarms_per_hour=len(matching.alarms) / hours,
        alarms_low=low,
        alarms_high=high,
        kinds={str(kind): count for kind, count in matching.alarm_counts().items()},
    )


def _miss_interval(matching: Matching[Detection], seed: int) -> tuple[float, float]:
    """Bootstrap over clips: one that comes several times is drawn with all its times."""
    missed = Counter(placed.name for placed in matching.misses)
    heard = Counter(hit.placement.name for hit in matching.hits)
    counts = np.array([(missed[name], heard[name]) for name in missed | heard])
    if not len(counts):
        return 0.0, 1.0
    drawn = resampling_weights(np.random.default_rng(seed), len(counts), REPLICATES) @ counts
    return percentile_interval(drawn[:, 0] / drawn.sum(axis=1))


def _alarms_only_in(one: Matching[Detection], other: Matching[Detection]) -> int:
    """How many alarms of `one` have no like among those of `other`."""
    fired: dict[str, list[int]] = {}
    for alarm in other.alarms:
        fired.setdefault(alarm.detection.keyword, []).append(alarm.detection.fired)

    def has_like(alarm: Alarm[Detection]) -> bool:
        positions = fired.get(alarm.detection.keyword, [])
        first = bisect.bisect_left(positions, alarm.detection.fired - SAME_ALARM)
        return any(p <= alarm.detection.fired + SAME_ALARM for p in positions[first : first + 1])

    return sum(not has_like(alarm) for alarm in one.alarms)


def _by_scene(
    heard: Heard, both: tuple[Matching[Detection], Matching[Detection]]
) -> dict[str, SceneMisses]:
    starts = [start for start, _ in heard.scenes]

    def kind_of(placed: Placement) -> str:
        return heard.scenes[bisect.bisect_right(starts, placed.clip_start) - 1][1]

    missed = [Counter(map(kind_of, matching.misses)) for matching in both]
    said = Counter(kind_of(hit.placement) for hit in both[0].hits) + missed[0]
    return {
        kind: SceneMisses(said[kind], (missed[0][kind], missed[1][kind])) for kind in sorted(said)
    }


def _by_hour(heard: Heard, both: tuple[Matching[Detection], Matching[Detection]]) -> list[Hour]:
    def hour_of(event: Hit[Detection] | Alarm[Detection] | Placement) -> int:
        position = event.clip_start if isinstance(event, Placement) else event.detection.fired
        return min(position // HOUR, len(heard.state) - 1)

    hits, misses, alarms = (
        [Counter(map(hour_of, getattr(matching, kind))) for matching in both]
        for kind in ("hits", "misses", "alarms")
    )
    return [
        Hour(
            layers=layers,
            keywords=hits[0][hour] + misses[0][hour],
            misses=(misses[0][hour], misses[1][hour]),
            alarms=(alarms[0][hour], alarms[1][hour]),
        )
        for hour, layers in enumerate(heard.state)
    ]
