"""Results of evaluations that were never run, of any size."""

from collections.abc import Sequence

from msgspec import structs

from kws.evaluation.curves import SHIFTS, TARGETS, Curve, Reading
from kws.evaluation.intervals import poisson_interval
from kws.evaluation.materials import WITHOUT_KEYWORDS
from kws.evaluation.results import (
    AlarmResult,
    ClipResult,
    ClipRule,
    Evaluation,
    Event,
    ModelFacts,
    StreamResult,
    WordMisses,
    WordScore,
)


def alarm_result(alarms: int, hours: float, material: str = WITHOUT_KEYWORDS) -> AlarmResult:
    """So many false alarms in so many hours."""
    low, high = poisson_interval(alarms, hours)
    per_hour = alarms / hours if hours else 0.0
    return AlarmResult(
        listener="house",
        material=material,
        hours=hours,
        recordings=3,
        alarms=alarms,
        per_hour=per_hour,
        low=low,
        high=high,
        words={"yes": alarms} if alarms else {},
        curve=[per_hour] * len(SHIFTS),
        false_alarms=[Event(material, 61.5, "a.wav", "", "yes", 0.7, "background")] * alarms,
    )


def stream_result(
    keywords: int,
    misses: int,
    stream: str = "clean",
    latencies: tuple[float, float] | None = (57.0, 197.0),
) -> StreamResult:
    """So many words, so many of them missed."""
    rate = misses / keywords
    curve = Curve(
        shifts=list(SHIFTS),
        miss_rate=[rate] * len(SHIFTS),
        miss_low=[rate] * len(SHIFTS),
        miss_high=[rate] * len(SHIFTS),
        alarms_per_hour=[0.0] * len(SHIFTS),
        readings=[Reading(target, rate, rate, rate) for target in TARGETS],
    )
    half, most = latencies or (None, None)
    return StreamResult(
        listener="house",
        stream=stream,
        hours=0.02,
        keywords=keywords,
        others=0,
        misses=misses,
        miss_rate=rate,
        miss_low=rate,
        miss_high=rate,
        alarms=dict.fromkeys(("wrong word", "other word", "double", "background"), 0),
        alarms_per_hour=0.0,
        errors_per_clip=0.0,
        latency_p50_ms=half,
        latency_p95_ms=most,
        latencies_ms=list(latencies or ()),
        start_error_ms=None,
        end_error_ms=None,
        words={"yes": WordMisses(keywords, misses)},
        cut_off=WordMisses(0, 0),
        missed=[Event(stream, 3.0, "b.wav", "yes", "", 0.2, "miss")] * misses,
        false_alarms=[],
        against_stream=curve,
        against_speech=curve,
    )


def evaluation(
    streams: Sequence[StreamResult],
    alarms: Sequence[AlarmResult] = (),
    words: Sequence[str] = ("yes", "no"),
    name: str = "house",
) -> Evaluation:
    """Of a model with a name, whose results these become."""
    labels = [*words, "_unknown_", "_silence_"]
    size = len(labels)
    return Evaluation(
        kws="0.1.0",
        model=ModelFacts(name, "0" * 64, "lstm", 1000, dict.fromkeys(words, 0.6)),
        sources=["clips"],
        part="testing",
        seed=1,
        quick=False,
        clips=ClipResult(
            accuracy=0.5,
            low=0.2,
            high=0.8,
            accuracy_without_silence=0.5,
            clips=2,
            silence=1,
            labels=labels,
            confusion=[[int(row == column) for column in range(size)] for row in range(size)],
            words=[WordScore(label, 1, None, None) for label in labels],
            rule=ClipRule(0.0, 0.0, "validation"),
        ),
        streams=[structs.replace(row, listener=name) for row in streams],
        alarms=[structs.replace(row, listener=name) for row in alarms],
        remarks=["A remark."],
    )
