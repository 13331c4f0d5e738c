"""From trained weights to a model folder that kws listens with."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import Corpus
from kws.corpus.word_bounds import word_bounds
from kws.spotting.matrices import Matrices
from kws.spotting.model import save_model
from kws.spotting.model_spec import KeywordSettings, ModelSpec
from kws.spotting.row_clock import RowClock
from kws.training.networks import StreamNetwork
from kws.training.recipe import Recipe
from kws.training.targets import LabelSet
from kws.training.validation import Point, ValidationStream, settings_at, sweep
from kws.writing import write_atomically

FINE_THRESHOLDS = tuple(float(1 / (1 + np.exp(-x))) for x in np.arange(-2, 5.01, 0.1))
MOST_CONFUSIONS = 0.02
"""False alarms per clip that a threshold may give on the clips in near silence."""
_RELEASE = 0.5
_DEFAULT_OFFSET = 2400
_DEFAULT_DURATION = 8000


@dataclass(frozen=True, slots=True)
class Choice:
    """The threshold that is written into a model, and what it gives on validation streams."""

    threshold: float
    points: dict[str, Point]
    hours: dict[str, float]

    def metrics(self) -> dict[str, Any]:
        """For `model.json` and the model card."""
        figures: dict[str, Any] = {"threshold": round(self.threshold, 4)}
        for name, point in self.points.items():
            figures[name] = {
                "words": point.words,
                "miss_rate": round(point.misses / point.words, 4) if point.words else None,
                "false_alarms": point.false_alarms,
                "hours": round(self.hours[name], 3),
                "latency_ms_p50": _percentile_ms(point, 50),
                "latency_ms_p95": _percentile_ms(point, 95),
            }
        return figures


def choose_threshold(
    posteriors: dict[str, npt.NDArray[np.float32]],
    streams: Sequence[ValidationStream],
    keywords: Sequence[str],
    clock: RowClock,
    rate: float,
) -> Choice:
    """The common threshold from which on a model is quiet enough for both kinds of false alarms.

    The last stream (negatives) has at most `rate` of them an hour, and the clips in near silence at
    most one (a wrong word, an other word, a double) in 50 clips.  It is found by bisection: false
    alarms hardly ever grow with the threshold.
    """
    clips, alarms = streams[0], streams[-1]
    most_alarms = rate * alarms.hours
    most_confusions = MOST_CONFUSIONS * sum(len(events) for events in clips.events)

    def of(stream: ValidationStream, threshold: float) -> Point:
        (point,) = sweep(posteriors[stream.name], stream, keywords, clock, [threshold])
        return point

    low, high = 0, len(FINE_THRESHOLDS) - 1
    while low < high:
        middle = (low + high) // 2
        threshold = FINE_THRESHOLDS[middle]
        quiet = of(alarms, threshold).false_alarms <= most_alarms
        if quiet and of(clips, threshold).false_alarms <= most_confusions:
            high = middle
        else:
            low = middle + 1
    threshold = FINE_THRESHOLDS[low]
    return Choice(
        threshold,
        {stream.name: of(stream, threshold) for stream in streams},
        {stream.name: stream.hours for stream in streams},
    )


def keyword_settings(
    choice: Choice, keywords: Sequence[str], corpus: Corpus
) -> tuple[KeywordSettings, ...]:
    """Settings per word: the common threshold, its usual delay and its usual length."""
    settings = []
    for base in settings_at(choice.threshold, keywords, _RELEASE):
        delays = [delay for word, delay in choice.points["clips"].delays if word == base.word]
        bounds = [
            word_bounds(corpus.samples(recording))
            for recording in corpus.select("word", "training", [base.word])
        ]
        lengths = [found.end - found.start for found in bounds if not found.cut_off]
        settings.append(
            msgspec.structs.replace(
                base,
                end_offset=round(float(np.median(delays))) if delays else _DEFAULT_OFFSET,
                duration=round(float(np.median(lengths))) if lengths else _DEFAULT_DURATION,
            )
        )
    return tuple(settings)


def export_model(
    folder: Path,
    recipe: Recipe,
    labels: LabelSet,
    matrices: Matrices,
    network: StreamNetwork,
    corpus: Corpus,
    choice: Choice,
    training: dict[str, Any],
) -> ModelSpec:
    """Write weights, `model.json`, `manifest.tsv` and the model card into `folder`.

    Raises:
        OutputError: the folder cannot be written.
    """
    spec = ModelSpec(
        name=folder.name,
        description=f"Spots {', '.join(labels.keywords)} in a stream",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        labels=labels.labels,
        keywords=keyword_settings(choice, labels.keywords, corpus),
        features=recipe.features,
        network=recipe.network,
        training=training | {"recipe": msgspec.to_builtins(recipe)},
        metrics={"validation": choice.metrics()},
    )
    weights = {name: np.asarray(array) for name, array in network.exported().items()}
    spec = save_model(folder, spec, replace(matrices), weights)
    write_atomically(folder / "manifest.tsv", manifest(corpus).encode())
    card = folder / "README.md"
    if not card.exists() or _GENERATED in card.read_text(errors="replace"):
        write_atomically(card, _card(spec, sum(a.size for a in weights.values())).encode())
    return spec


_GENERATED = "<!-- kws train writes this page anew; without this line it keeps yours -->"


def manifest(corpus: Corpus) -> str:
    """Every recording that trained or chose, by its original name, for others to do it again."""
    used = [recording for recording in corpus.recordings if recording.part != "testing"]
    used.sort(key=lambda recording: (recording.part, recording.folder, recording.name))
    lines = ["part\tkind\tfolder\tname"]
    lines += [f"{r.part}\t{r.kind}\t{r.folder}\t{r.name}" for r in used]
    return "\n".join(lines) + "\n"


def _card(spec: ModelSpec, parameters: int) -> str:
    training = spec.training
    lines = [
        f"# {spec.name}",
        "",
        _GENERATED,
        "",
        f"{spec.description}.",
        "",
        f"- {parameters:,} parameters, one row of posteriors every "
        f"{spec.row_samples * 1000 // spec.features.sample_rate} ms",
        f"- exported {spec.created} after {training['steps']:,} steps "
        f"({training['minutes']:.0f} minutes), preset `{training['recipe']['preset']}`, "
        f"seed {training['recipe']['seed']}",
        f"- command: `{training['command']}`",
        *_of_base(training),
        "",
        "## Validation streams",
        "",
        f"One threshold for all words: {spec.metrics['validation']['threshold']}.",
        "",
        "| stream | words | missed | false alarms | hours | latency p50 / p95 |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in spec.metrics["validation"].items():
        if isinstance(row, dict):
            missed = "-" if row["miss_rate"] is None else f"{row['miss_rate']:.1%}"
            lines.append(
                f"| {name} | {row['words']} | {missed} | {row['false_alarms']} | {row['hours']} | "
                f"{row['latency_ms_p50']} / {row['latency_ms_p95']} ms |"
            )
    lines += [
        "",
        "These figures chose the threshold and the checkpoint: they flatter the model. Measure it",
        "on recordings that it never met with `kws eval`. The training files are in",
        "`manifest.tsv`.",
        "",
    ]
    return "\n".join(lines)


def _of_base(training: dict[str, Any]) -> list[str]:
    """A line on the base that a network started from, if there was one."""
    if "base" not in training:
        return []
    base, teacher = training["base"], training["base"]["teacher"]
    return [
        f"- started from the base `{base['name']}` ({base['sha256'][:16]}), which learnt "
        f"to predict a speech embedding: {teacher['name']}; source: {teacher['source']}; "
        f"licence: {teacher['licence']}"
    ]


def _percentile_ms(point: Point, percent: float) -> int | None:
    delays = [delay for _, delay in point.delays]
    return None if not delays else math.floor(float(np.percentile(delays, percent)) / 16)
