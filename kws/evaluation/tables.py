"""An evaluation as tables for people, in the terminal."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kws.evaluation.curves import Reading
from kws.evaluation.materials import WITHOUT_KEYWORDS
from kws.evaluation.results import AlarmResult, ClipResult, Evaluation, StreamResult


def tables(evaluation: Evaluation) -> Group:
    """Everything that is worth a line."""
    name = evaluation.model.name
    parts: list[RenderableType] = [
        Text(heading(evaluation), style="bold"),
        stream_table(evaluation.streams, name),
    ]
    if evaluation.alarms:
        parts.append(alarm_table(evaluation.alarms, name))
    if any(stream.against_speech for stream in evaluation.streams):
        parts.append(reading_table(evaluation.streams, name))
    parts += [clip_table(evaluation.clips), Text(clip_line(evaluation.clips))]
    parts += [Text(remark, style="yellow") for remark in evaluation.remarks]
    return Group(*parts)


def heading(evaluation: Evaluation) -> str:
    """Model and material in one line."""
    model = evaluation.model
    return (
        f"{model.name} ({model.kind}, {model.parameters:,} parameters) on the {evaluation.part} "
        f"part of {', '.join(evaluation.sources)}, seed {evaluation.seed}"
    )


def clip_line(clips: ClipResult) -> str:
    """The clip test in one line."""
    return (
        f"{percent(clips.accuracy)} of {clips.clips} clips got the right label "
        f"({percent(clips.low)} - {percent(clips.high)}), "
        f"{percent(clips.accuracy_without_silence)} without the {clips.silence} of silence"
    )


def stream_table(streams: list[StreamResult], name: str) -> Table:
    """Streams of clips, settings as shipped."""
    table = _table("Streams of clips, thresholds as shipped")
    header = (
        "", "missed", "of words cut off", "wrong word", "other word", "double", "per clip", "FA/h",
        "latency",
    )  # fmt: skip
    for column in (*header, "start, end"):
        table.add_column(column, justify="right" if column else "left")
    for row in streams:
        table.add_row(
            who(row.listener, row.stream, name),
            f"{percent(row.miss_rate)} ({percent(row.miss_low)} - {percent(row.miss_high)})",
            f"{row.cut_off.misses} of {row.cut_off.clips}",
            *(str(row.alarms[kind]) for kind in ("wrong word", "other word", "double")),
            percent(row.errors_per_clip),
            f"{row.alarms_per_hour:.1f}",
            f"{milliseconds(row.latency_p50_ms)}, p95 {milliseconds(row.latency_p95_ms)}",
            f"{milliseconds(row.start_error_ms)}, {milliseconds(row.end_error_ms)}",
        )
    return table


def alarm_table(alarms: list[AlarmResult], name: str) -> Table:
    """False alarms where nothing should fire."""
    table = _table("False alarms where nothing should fire, all words together, as shipped")
    for column in ("", "hours", "alarms", "per hour", "95 %", "which"):
        table.add_column(column, justify="left" if column in ("", "which") else "right")
    for row in alarms:
        words = ", ".join(f"{word} {count}" for word, count in list(row.words.items())[:4])
        table.add_row(
            who(row.listener, row.material, name),
            f"{row.hours:.2f}",
            str(row.alarms),
            f"{row.per_hour:.1f}",
            f"{row.low:.1f} - {row.high:.1f}",
            words,
        )
    return table


def reading_table(streams: list[StreamResult], name: str) -> Table:
    """Miss rates at fixed numbers of false alarms on speech without keywords, given some."""
    table = _table(f"Miss rate at a wished number of false alarms an hour on {WITHOUT_KEYWORDS}")
    on_speech = [(row, row.against_speech) for row in streams if row.against_speech]
    table.add_column("")
    for reading in on_speech[0][1].readings:
        table.add_column(f"{reading.alarms_per_hour:g} an hour", justify="right")
    for row, curve in on_speech:
        table.add_row(who(row.listener, row.stream, name), *map(reading_text, curve.readings))
    return table


def clip_table(clips: ClipResult) -> Table:
    """Precision and recall of every label."""
    table = _table("One label for each clip")
    for column in ("label", "clips", "precision", "recall"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for word in clips.words:
        table.add_row(word.label, str(word.clips), percent(word.precision), percent(word.recall))
    return table


def who(listener: str, what: str, name: str) -> str:
    """A row's title: `name` is what the evaluation is about, others are called by name."""
    return what if listener == name else f"{what} ({listener})"


def reading_text(reading: Reading) -> str:
    """A miss rate with its interval."""
    if reading.low is None:
        return "-"
    return f"{percent(reading.miss_rate)} ({percent(reading.low)} - {percent(reading.high)})"


def percent(share: float | None) -> str:
    """0.123 as "12.3 %"; a dash for nothing."""
    return "-" if share is None else f"{100 * share:.1f} %"


def milliseconds(value: float | None) -> str:
    """A time as "123 ms"; a dash for nothing."""
    return "-" if value is None else f"{value:.0f} ms"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
