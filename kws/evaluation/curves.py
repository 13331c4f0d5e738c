"""Miss rate against false alarms per hour: one common shift of all thresholds, swept."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from kws.corpus.matching import Firing, Placement, match
from kws.evaluation.intervals import percentile_interval, resampling_weights
from kws.evaluation.traces import Trace, shifted
from kws.spotting.redecision import decide_again

SHIFTS = tuple(step / 4 for step in range(-16, 33))
"""Added to the log-odds of every threshold; 0 is as shipped."""
TARGETS = (0.5, 2.0, 10.0)
"""False alarms per hour at which miss rates are read off."""
_REPLICATES = 500
_MINUTE = 960000

Array = npt.NDArray[np.floating]


class Reading(msgspec.Struct, frozen=True):
    """The miss rate at a given number of false alarms."""

    alarms_per_hour: float
    miss_rate: float | None
    """None if no setting keeps to so few alarms."""
    low: float | None = None
    high: float | None = None


class Curve(msgspec.Struct, frozen=True):
    """A detection error trade-off curve; all lists go with `shifts`."""

    shifts: list[float]
    miss_rate: list[float]
    miss_low: list[float]
    miss_high: list[float]
    alarms_per_hour: list[float]
    readings: list[Reading]


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """What each shift led to on one stream."""

    hits: npt.NDArray[np.bool_]
    """(shifts, keywords placed)."""
    alarms: npt.NDArray[np.int64]
    """(shifts, minutes begun): false alarms per minute of the stream."""
    hours: float
    """What the alarms are divided by."""

    @property
    def alarms_per_hour(self) -> Array:
        """(shifts,)."""
        rates: Array = self.alarms.sum(axis=1) / self.hours
        return rates


def sweep(
    trace: Trace,
    placements: Sequence[Placement],
    hours: float,
    shifts: Sequence[float] = SHIFTS,
) -> Sweep:
    """Decide again on a recorded stream at every shift of the thresholds."""
    words = trace.words
    minutes = int(trace.positions.max(initial=0)) // _MINUTE + 1
    awaited = [placed for placed in placements if placed.word in words]
    index = {placed: number for number, placed in enumerate(awaited)}
    hits = np.zeros((len(shifts), len(awaited)), np.bool_)
    alarms = np.zeros((len(shifts), minutes), np.int64)
    for row, shift in enumerate(shifts):
        trials = decide_again(
            trace.positions, trace.scores, shifted(trace.keywords, shift), trace.decision
        )
        matching = match(trials, placements, words)
        for hit in matching.hits:
            hits[row, index[hit.placement]] = True
        alarms[row] = per_minute([alarm.detection for alarm in matching.alarms], minutes)
    return Sweep(hits, alarms, hours)


def per_minute(detections: Sequence[Firing], minutes: int) -> npt.NDArray[np.int64]:
    """How many detections fell into each minute: (minutes,)."""
    fired = np.array([detection.fired for detection in detections], np.int64)
    return np.bincount(fired // _MINUTE, minlength=minutes)[:minutes]


def trade_off(
    hits: npt.NDArray[np.bool_],
    alarms: Sweep,
    seed: int,
    shifts: Sequence[float] = SHIFTS,
    targets: Sequence[float] = TARGETS,
) -> Curve:
    """Join the hits (shifts, clips) of one stream with the alarms of the same or another.

    The intervals are bootstrapped: clips and minutes are drawn again, with replacement.  In every
    draw the miss rate at a target is that of the best setting which keeps to it.
    """
    rng = np.random.default_rng((seed, 5))
    missed = 1.0 - hits
    rates = alarms.alarms_per_hour
    clips, minutes = missed.shape[1], alarms.alarms.shape[1]
    drawn_misses = resampling_weights(rng, clips, _REPLICATES) @ missed.T / clips
    drawn_rates = resampling_weights(rng, minutes, _REPLICATES) @ alarms.alarms.T / alarms.hours
    low, high = np.percentile(drawn_misses, (2.5, 97.5), axis=0)
    miss_rate = missed.mean(axis=1)
    return Curve(
        shifts=list(shifts),
        miss_rate=miss_rate.tolist(),
        miss_low=low.tolist(),
        miss_high=high.tolist(),
        alarms_per_hour=rates.tolist(),
        readings=[_read(target, miss_rate, rates, drawn_misses, drawn_rates) for target in targets],
    )


def _read(
    target: float, miss_rate: Array, rates: Array, drawn_misses: Array, drawn_rates: Array
) -> Reading:
    if not (rates <= target).any():
        return Reading(target, None)
    best = float(miss_rate[rates <= target].min())
    # In a draw in which no setting keeps to the target, nothing may fire: all is missed.
    drawn = np.where(drawn_rates <= target, drawn_misses, 1.0).min(axis=1)
    low, high = percentile_interval(drawn)
    return Reading(target, best, low, high)
