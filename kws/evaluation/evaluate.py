"""The whole of `kws eval`: from a model and recordings to an `Evaluation`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version

from kws.evaluation.clips import ClipEvidence, choose_rule, cut_silence, hear_clips, score_clips
from kws.evaluation.curves import Sweep
from kws.evaluation.listeners import Listener, Progress, SpotterListener
from kws.evaluation.materials import NOISE, WITHOUT_KEYWORDS, Material
from kws.evaluation.measuring import measure_alarms, measure_clips
from kws.evaluation.results import AlarmResult, ClipResult, Evaluation, ModelFacts
from kws.evaluation.streams import MeasuredStream, clip_stream, noise_stream, speech_stream
from kws.evaluation.traces import Trace
from kws.evaluation.tuning import Heard, heard
from kws.spotting.lstm import Engine
from kws.spotting.model import Model

Stage = Callable[[str, int], Progress]
"""Begins a stage of so many samples; gives back what is told of its progress."""


def evaluate(
    model: Model,
    engine: Engine | None,
    material: Material,
    choosing: Material,
    snrs: Sequence[float | None],
    others: Sequence[Listener],
    seed: int,
    stage: Stage,
    quick: bool = False,
    keep: Callable[[MeasuredStream], None] | None = None,
) -> Evaluation:
    """Measure `model` on clips, streams and speech in which nothing should fire.

    Args:
        engine: what runs its network, None for the shipped runtime.
        choosing: the validation part, on which the rule for clips is chosen.
        snrs: the streams of clips, by signal-to-noise ratio in dB; None is the clean one.
        others: listeners to compare with, on the same streams.
        quick: only noted down.
        keep: shown every stream, before it is played.
    """
    shipped = SpotterListener(model, engine)
    listeners = [shipped, *others]
    alarms: list[AlarmResult] = []
    on_speech: dict[str, Sweep] = {}
    for stream, trace in _play(_quiet_streams(material, seed), listeners, stage, keep):
        result, swept = measure_alarms(stream, trace)
        alarms.append(result)
        if stream.name == WITHOUT_KEYWORDS:
            on_speech[trace.listener] = swept
    streams = [
        measure_clips(stream, trace, on_speech.get(trace.listener), seed)
        for stream, trace in _play(_clip_streams(material, snrs, seed), listeners, stage, keep)
    ]
    return Evaluation(
        kws=version("kws"),
        model=_facts(model),
        sources=material.sources,
        part=material.part,
        seed=seed,
        quick=quick,
        clips=_clips(shipped, model, material, choosing, seed, stage),
        streams=streams,
        alarms=alarms,
        remarks=material.remarks,
    )


def _play(
    streams: Iterable[MeasuredStream],
    listeners: Sequence[Listener],
    stage: Stage,
    keep: Callable[[MeasuredStream], None] | None = None,
) -> Iterator[tuple[MeasuredStream, Trace]]:
    """Every stream to every listener."""
    for stream in streams:
        if keep:
            keep(stream)
        for listener in listeners:
            for trace in listener.listen(stream.samples, stage(stream.name, len(stream.samples))):
                yield stream, trace


def _quiet_streams(material: Material, seed: int) -> Iterator[MeasuredStream]:
    """The streams in which nothing should fire."""
    for kind, recordings in material.quiet.items():
        build = noise_stream if kind == NOISE else speech_stream
        yield build(material.corpus, recordings, kind, seed)


def _clip_streams(
    material: Material, snrs: Sequence[float | None], seed: int
) -> Iterator[MeasuredStream]:
    for snr in snrs:
        yield clip_stream(material.corpus, material.clips, material.noise, snr, seed)


def _clips(
    listener: Listener,
    model: Model,
    material: Material,
    choosing: Material,
    seed: int,
    stage: Stage,
) -> ClipResult:
    """The clip test, its rule chosen on `choosing`."""
    chosen_on = _hear(listener, model, choosing, seed, stage)
    measured = (
        chosen_on
        if choosing.part == material.part
        else _hear(listener, model, material, seed, stage)
    )
    return score_clips(measured, model.words, choose_rule(chosen_on, choosing.part), seed)


def _hear(
    listener: Listener, model: Model, material: Material, seed: int, stage: Stage
) -> ClipEvidence:
    silence = cut_silence(material.corpus, material.noise, len(material.clips), seed)
    total = sum(len(material.corpus.samples(clip)) for clip in material.clips)
    total += sum(len(sound) for sound in silence)
    return hear_clips(
        listener,
        model.words,
        model.spec.labels,
        material.corpus,
        material.clips,
        silence,
        stage(f"{material.part} clips", total),
    )


def _facts(model: Model) -> ModelFacts:
    return ModelFacts(
        name=model.spec.name,
        sha256=model.sha256,
        kind=model.spec.network.kind,
        parameters=sum(array.size for array in model.weights.values()),
        thresholds={keyword.word: keyword.threshold for keyword in model.spec.keywords},
    )


def hear_for_tuning(
    listener: Listener,
    material: Material,
    snrs: Sequence[float | None],
    seed: int,
    stage: Stage,
) -> list[Heard]:
    """Streams of clips and those in which nothing should fire, as `listener` hears them."""
    listeners = [listener]
    clips = _play(_clip_streams(material, snrs, seed), listeners, stage)
    quiet = _play(_quiet_streams(material, seed), listeners, stage)
    return [heard(stream, trace, quiet=False) for stream, trace in clips] + [
        heard(stream, trace, quiet=True) for stream, trace in quiet
    ]
