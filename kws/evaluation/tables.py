"""An evaluation as tables for people, in the terminal."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from kws.evaluation.materials import WITHOUT_KEYWORDS
from kws.evaluation.results import AlarmResult, ClipResult, Evaluation, StreamResult


def tables(evaluation: Evaluation) -> Group:
    """Everything that is worth a line."""
    parts: list[RenderableType] = [
        Text(heading(evaluation), style="bold"),
        stream_table(evaluation.streams),
    ]
    if evaluation.alarms:
        parts.append(alarm_table(evaluation.alarms))
    if any(stream.against_speech for stream in evaluation.streams):
        parts.append(reading_table(evaluation.streams))
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
        f"clips: {percent(clips.accuracy)} of {clips.clips} right "
        f"({percent(clips.low)} to {percent(clips.high)}), "
        f"{percent(clips.accuracy_without_silence)} without the {clips.silence} of silence"
    )


def stream_table(streams: list[StreamResult]) -> Table:
    """Streams of clips, settings as shipped."""
    table = _table("Streams of clips, thresholds as shipped")
    for column in ("", "miss rate", "95 %", "wrong", "other", "double", "background", "per clip"):
        table.add_column(column, justify="left" if not column else "right")
    for column in ("FA/h", "latency p50", "p95", "start, end off by"):
        table.add_column(column, justify="right")
    for row in streams:
        table.add_row(
            f"{row.listener}, {row.stream}",
            percent(row.miss_rate),
            f"{percent(row.miss_low)} to {percent(row.miss_high)}",
            *(str(count) for count in row.alarms.values()),
            percent(row.errors_per_clip),
            f"{row.alarms_per_hour:.1f}",
            milliseconds(row.latency_p50_ms),
            milliseconds(row.latency_p95_ms),
            f"{milliseconds(row.start_error_ms)}, {milliseconds(row.end_error_ms)}",
        )
    return table


def alarm_table(alarms: list[AlarmResult]) -> Table:
    """False alarms where nothing should fire."""
    table = _table("False alarms where nothing should fire, all words together, as shipped")
    for column in ("", "hours", "alarms", "per hour", "95 %", "which"):
        table.add_column(column, justify="left" if column in ("", "which") else "right")
    for row in alarms:
        words = ", ".join(f"{word} {count}" for word, count in list(row.words.items())[:5])
        table.add_row(
            f"{row.listener}, {row.material}",
            f"{row.hours:.2f}",
            str(row.alarms),
            f"{row.per_hour:.1f}",
            f"{row.low:.1f} to {row.high:.1f}",
            words,
        )
    return table


def reading_table(streams: list[StreamResult]) -> Table:
    """Miss rates at fixed numbers of false alarms on speech without keywords."""
    table = _table(f"Miss rate at a wished number of false alarms an hour on {WITHOUT_KEYWORDS}")
    rows = [row for row in streams if row.against_speech]
    table.add_column("")
    for reading in rows[0].against_speech.readings if rows[0].against_speech else ():
        table.add_column(f"{reading.alarms_per_hour:g} an hour", justify="right")
    for row in rows:
        if row.against_speech:
            cells = []
            for reading in row.against_speech.readings:
                interval = f" ({percent(reading.low)} to {percent(reading.high)})"
                cells.append(percent(reading.miss_rate) + ("" if reading.low is None else interval))
            table.add_row(f"{row.listener}, {row.stream}", *cells)
    return table


def clip_table(clips: ClipResult) -> Table:
    """Precision and recall of every label."""
    table = _table("One label for each clip")
    for column in ("label", "clips", "precision", "recall"):
        table.add_column(column, justify="left" if column == "label" else "right")
    for word in clips.words:
        table.add_row(word.label, str(word.clips), percent(word.precision), percent(word.recall))
    return table


def percent(share: float | None) -> str:
    """0.123 as "12.3 %"; a dash for nothing."""
    return "-" if share is None else f"{100 * share:.1f} %"


def milliseconds(value: float | None) -> str:
    """A time as "123 ms"; a dash for nothing."""
    return "-" if value is None else f"{value:.0f} ms"


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
