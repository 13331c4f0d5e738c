"""An evaluation in plain words: what a user of the model has to expect."""

from collections.abc import Sequence
from typing import NamedTuple

from kws.evaluation.intervals import binomial_interval, poisson_interval
from kws.evaluation.materials import NOISE, WITH_KEYWORDS, WITHOUT_KEYWORDS
from kws.evaluation.results import AlarmResult, Evaluation, StreamResult
from kws.evaluation.streams import CLEAN

_SITUATIONS = {
    WITHOUT_KEYWORDS: "while people talk of other things",
    WITH_KEYWORDS: "in talk that has the words in it",
    NOISE: "in noise",
}
_DENOMINATORS = (*range(2, 21), 25, 30, 40, 50, 100, 200, 500, 1000)
_ROUGHLY = 0.1
"""How far a plain fraction may be off, as a share of the rarer outcome."""
_COUNTABLE = 20
"""Up to so many cases are told as they are."""
_UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))


class Statement(NamedTuple):
    """One thing to expect."""

    about: str
    text: str


def meaning(evaluation: Evaluation) -> list[Statement]:
    """What the model does as shipped: how often it hears, fires by mistake, and how fast.

    Each figure comes with what it was measured on and its bounds of 95 %.
    """
    name = evaluation.model.name
    streams = [row for row in evaluation.streams if row.listener == name]
    alarms = {row.material: row for row in evaluation.alarms if row.listener == name}
    statements = [Statement("A word said by itself", _hearing(streams))]
    statements += [
        Statement(f"False alarms {when}", _alarms(alarms.get(material)))
        for material, when in _SITUATIONS.items()
    ]
    return [*statements, Statement("Time to answer", _answers(streams))]


def share(count: int, of: int) -> str:
    """A count as a plain fraction: "about 5 of 6 times", "9 of 12 times", "every time"."""
    if count in (0, of):
        return "every time" if count else "never"
    exact = f"{count:,} of {of:,} times"
    if of <= _COUNTABLE:
        return exact
    most = _ROUGHLY * min(count, of - count) / of
    for denominator in _DENOMINATORS:
        numerator = round(denominator * count / of)
        if 0 < numerator < denominator and abs(numerator / denominator - count / of) <= most:
            return f"about {numerator} of {denominator} times"
    return exact


def duration(seconds: float) -> str:
    """A time in the unit that suits it: "35 minutes", "1.7 hours"."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= 1.5 * size or size == 1)
    value = seconds / size
    return f"{value:.2g} {unit}" if value < 3 else f"{value:,.0f} {unit}"


def _hearing(streams: Sequence[StreamResult]) -> str:
    """How often words are heard, in the quiet and in the noises that were tried."""
    quiet = next((row for row in streams if row.stream == CLEAN), None)
    noisy = sorted((row for row in streams if row is not quiet), key=lambda row: row.miss_rate)
    parts = [
        f"in a quiet room it is heard {_heard(quiet)}" if quiet else "in a quiet room: unknown"
    ]
    if not noisy:
        parts.append("in noise: unknown")
    # Of several, the one that does least harm and the one that does most.
    for row in noisy[:1] + noisy[1:][-1:]:
        parts.append(f"in noise, {_louder(row.stream)}, {_heard(row)}")
    return _sentence("; ".join(parts))


def _louder(stream: str) -> str:
    """A ratio in dB, the name of a stream, in words."""
    return f"the noise {stream[1:]} louder" if stream[0] == "-" else f"the voice {stream} louder"


def _heard(row: StreamResult) -> str:
    hits = row.keywords - row.misses
    low, high = (100 * bound for bound in binomial_interval(hits, row.keywords))
    bounds = f"{low:.1f} to {high:.1f}\N{NO-BREAK SPACE}%"
    return f"{share(hits, row.keywords)} ({row.keywords:,} measured: {bounds})"


def _alarms(row: AlarmResult | None) -> str:
    """How often it fires where nothing should, and how far that may be from the truth."""
    if row is None or row.hours <= 0:
        return "Unknown."
    low, high = poisson_interval(row.alarms, row.hours)
    measured = duration(3600 * row.hours)
    at_worst = f"once in {duration(3600 / high)}"
    if not row.alarms:
        return _sentence(f"none in the {measured} measured; it may still be {at_worst}")
    times = "once" if row.alarms == 1 else f"{row.alarms:,} times"
    return _sentence(
        f"about once in {duration(3600 * row.hours / row.alarms)}. It fired {times} in the "
        f"{measured} measured, so it may be {at_worst} or once in {duration(3600 / low)}"
    )


def _answers(streams: Sequence[StreamResult]) -> str:
    """How long after a word its event comes, where it is heard best."""
    best = min(streams, key=lambda row: row.miss_rate, default=None)
    half, most = (best.latency_p50_ms, best.latency_p95_ms) if best else (None, None)
    if half is None or most is None:
        return "Unknown, for no word was heard."
    return _sentence(f"half of the answers come {_after(half)}, 19 of 20 {_after(most)}")


def _after(milliseconds: float) -> str:
    if milliseconds <= 0:
        return "before the word has ended"
    return f"within {milliseconds / 1000:.2f} seconds after the word"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
