"""An evaluation as one HTML page that needs nothing else."""

from collections.abc import Mapping, Sequence
from html import escape

from kws.evaluation.html import document, figure, table
from kws.evaluation.materials import WITHOUT_KEYWORDS
from kws.evaluation.meaning import meaning
from kws.evaluation.plots import alarm_plot, confusion_plot, det_plot, latency_plot
from kws.evaluation.results import AlarmResult, Evaluation, Event, StreamResult
from kws.evaluation.tables import (
    clip_line,
    heading,
    milliseconds,
    percent,
    reading_text,
    who,
)

_EVENTS = 40
"""How many misses and alarms are listed of each stream; the JSON holds all."""

_METHOD = """
<p>All streams went through the shipped spotter, each in one piece and with one unbroken state.
A stream holds every clip of the part once, in random order, each faded over 30 ms at both ends and
standing in the hiss of a quiet room (-70 dBFS), with pauses of 0.3 to 2 s. In the noisy streams
every clip stands at the same ratio of word level to noise level.</p>
<p>A <em>hit</em> is the first detection of the word between the start of its clip and 0.75 s after
the end of the clip. Everything else that fires is a false alarm: a <em>wrong word</em> where
another keyword was said, an <em>other word</em> where a word was said that is no keyword, a
<em>double</em> where the word had been heard already, and <em>background</em> where nothing was
said. <em>Per clip</em> counts the first three. Latency runs from the end of the word, by energy,
to the decision.</p>
<p>Curves come from the scores that were recorded on the way, decided again by the shipped detector
with all thresholds moved together. Bands and intervals cover 95 %: miss rates are bootstrapped over
clips, false alarms over minutes, and counts of false alarms have exact Poisson bounds. Where there
was no alarm, the upper bound is the rule of three. The shares of words in "What this means for you"
have exact binomial bounds, which hold for a handful of clips, too. Hours are those of the
recordings, without the pauses between them.</p>
"""


def page(evaluation: Evaluation) -> str:
    """The whole page."""
    name = evaluation.model.name
    shipped = [row for row in evaluation.streams if row.listener == name]
    alarms = [row for row in evaluation.alarms if row.listener == name]
    body = [
        f"<h1>{escape(name)}: evaluation</h1>",
        f'<p class="quiet">{escape(heading(evaluation))}. kws {escape(evaluation.kws)}, '
        f"model {evaluation.model.sha256[:12]}.</p>",
        _meaning(evaluation),
        *(f'<p class="remark">{escape(remark)}</p>' for remark in evaluation.remarks),
        _cards(evaluation, shipped, alarms),
        _streams(evaluation.streams, name),
        _alarms(evaluation.alarms, name),
        _curves(evaluation),
        _words(evaluation, shipped),
        "<h2>Latency</h2>",
        figure(
            latency_plot(shipped),
            "Time from the end of the word to the decision, as shares of the hits of each stream.",
        ),
        "<h2>What the clips were taken for</h2>",
        f"<p>{escape(clip_line(evaluation.clips))}. The biases for unknown and silence were chosen "
        f"on the {escape(evaluation.clips.rule.chosen_on)} part.</p>",
        figure(
            confusion_plot(evaluation.clips),
            "Rows are what was said, columns what was decided; the number is of clips.",
        ),
        _events(shipped, alarms, evaluation.model.thresholds),
        "<h2>How it was measured</h2>",
        _METHOD,
    ]
    return document(f"{name}: evaluation", body)


def _meaning(evaluation: Evaluation) -> str:
    items = "".join(
        f"<li><b>{escape(statement.about)}.</b> {escape(statement.text)}</li>"
        for statement in meaning(evaluation)
    )
    return f'<section class="meaning"><h2>What this means for you</h2><ul>{items}</ul></section>'


def _cards(
    evaluation: Evaluation, streams: Sequence[StreamResult], alarms: Sequence[AlarmResult]
) -> str:
    cards = [(percent(evaluation.clips.accuracy), "of the clips labelled right")]
    cards += [(percent(row.miss_rate), f"missed on a stream, {row.stream}") for row in streams[:3]]
    talk = [row for row in alarms if row.material == WITHOUT_KEYWORDS and row.hours > 0]
    cards += [
        (f"{row.per_hour:.1f}", f"false alarms an hour, {row.material} ({row.hours:.2f} h)")
        for row in talk
    ] or [("unknown", f"false alarms an hour: no {WITHOUT_KEYWORDS} was measured")]
    cards += [(milliseconds(row.latency_p50_ms), "median latency") for row in streams[:1]]
    inner = "".join(
        f'<div class="card"><b>{escape(figure)}</b><span>{escape(what)}</span></div>'
        for figure, what in cards
    )
    return f'<div class="cards">{inner}</div>'


def _streams(streams: Sequence[StreamResult], name: str) -> str:
    header = (
        "stream", "missed", "95 %", "of words cut off", "wrong word", "other word", "double",
        "background", "per clip", "FA/h", "latency", "p95", "start off", "end off",
    )  # fmt: skip
    rows = [
        (
            who(row.listener, row.stream, name),
            percent(row.miss_rate),
            f"{percent(row.miss_low)} - {percent(row.miss_high)}",
            f"{row.cut_off.misses} of {row.cut_off.clips}",
            *(str(count) for count in row.alarms.values()),
            percent(row.errors_per_clip),
            f"{row.alarms_per_hour:.1f}",
            milliseconds(row.latency_p50_ms),
            milliseconds(row.latency_p95_ms),
            milliseconds(row.start_error_ms),
            milliseconds(row.end_error_ms),
        )
        for row in streams
    ]
    first = streams[0]
    lead = (
        f"<p>{first.keywords} keywords and {first.others} other words in {first.hours:.2f} hours "
        "a stream; thresholds as shipped.</p>"
    )
    others = [row.listener != name for row in streams]
    return "<h2>Streams of clips</h2>" + lead + table("Streams of clips", header, rows, others)


def _alarms(alarms: Sequence[AlarmResult], name: str) -> str:
    if not alarms:
        return ""
    header = ("material", "hours", "recordings", "alarms", "an hour", "95 %", "which")
    rows = [
        (
            who(row.listener, row.material, name),
            f"{row.hours:.2f}",
            str(row.recordings),
            str(row.alarms),
            f"{row.per_hour:.1f}" if row.hours > 0 else "-",
            f"{row.low:.1f} - {row.high:.1f}" if row.hours > 0 else "-",
            ", ".join(f"{word} {count}" for word, count in list(row.words.items())[:6]),
        )
        for row in alarms
    ]
    others = [row.listener != name for row in alarms]
    return (
        "<h2>False alarms where nothing should fire</h2><p>All words together, thresholds as "
        "shipped.</p>"
        + table("False alarms where nothing should fire", header, rows, others)
        + figure(
            alarm_plot([row for row in alarms if row.listener == name]),
            "False alarms an hour while all thresholds are moved together. Lower thresholds lie at "
            "the left; the dotted line is as shipped.",
        )
    )


def _curves(evaluation: Evaluation) -> str:
    # A listener that tried several thresholds at once has the same curve for each: draw one.
    listeners = {row.listener.split(",")[0]: row.listener for row in reversed(evaluation.streams)}
    drawn = [row for row in evaluation.streams if row.listener in listeners.values()]
    on_speech = [(row, row.against_speech) for row in drawn if row.against_speech]
    on_stream = [(row, row.against_stream) for row in drawn]
    figures = [
        figure(
            det_plot(on_stream, "on the stream itself", "on-stream"),
            "Against false alarms on the stream itself: other words, doubles, noise in pauses.",
        )
    ]
    readings = ""
    if on_speech:
        plot = det_plot(on_speech, WITHOUT_KEYWORDS, "on-speech")
        figures.insert(0, figure(plot, f"Against false alarms on {WITHOUT_KEYWORDS}."))
        targets = [f"{reading.alarms_per_hour:g} an hour" for reading in on_speech[0][1].readings]
        rows = [
            (
                who(row.listener, row.stream, evaluation.model.name),
                *(reading_text(reading) for reading in curve.readings),
            )
            for row, curve in on_speech
        ]
        readings = (
            f"<p>Share missed where {WITHOUT_KEYWORDS} gives so many false alarms:</p>"
            + table(
                "Share missed at a wished number of false alarms",
                ("stream", *targets),
                rows,
                [False] * len(rows),
            )
        )
    return (
        "<h2>Misses against false alarms</h2><p>Each point of a curve is one setting of all "
        "thresholds, the dot the one that ships. Lower thresholds lead down and to the right: "
        'fewer misses, more false alarms.</p><div class="pair">'
        + "".join(figures)
        + "</div>"
        + readings
    )


def _words(evaluation: Evaluation, streams: Sequence[StreamResult]) -> str:
    header = (
        "word", "threshold", "clips", "precision", "recall",
        *(f"missed, {row.stream}" for row in streams),
    )  # fmt: skip
    rows = []
    for word in evaluation.clips.words:
        threshold = evaluation.model.thresholds.get(word.label)
        missed = (row.words.get(word.label) for row in streams)
        rows.append(
            (
                word.label.strip("_"),
                "-" if threshold is None else f"{threshold:.3f}",
                str(word.clips),
                percent(word.precision),
                percent(word.recall),
                *(percent(one.misses / one.clips) if one and one.clips else "-" for one in missed),
            )
        )
    return "<h2>Words</h2><p>Precision and recall are those of the clip test.</p>" + table(
        "Words", header, rows, [False] * len(rows)
    )


def _events(
    streams: Sequence[StreamResult],
    alarms: Sequence[AlarmResult],
    thresholds: Mapping[str, float],
) -> str:
    parts = [
        "<h2>What went wrong, and where</h2><p>The surest false alarms and the worst misses, with "
        "the recording that was being played. The margin is what the score had above the word's "
        "threshold: a miss a little below 0 can be had back by a lower threshold, one far below "
        "cannot; a miss above 0 came too soon after another detection. The JSON lists all of "
        "them.</p>"
    ]
    for alarm_row in alarms:
        title = f"False alarms on {alarm_row.material} ({alarm_row.alarms})"
        parts.append(_event_table(title, alarm_row.false_alarms, thresholds))
    for row in streams:
        title = f"False alarms on the stream, {row.stream} ({len(row.false_alarms)})"
        parts.append(_event_table(title, row.false_alarms, thresholds))
        parts.append(_event_table(f"Misses, {row.stream} ({row.misses})", row.missed, thresholds))
    return "".join(parts)


def _event_table(title: str, events: Sequence[Event], thresholds: Mapping[str, float]) -> str:
    if not events:
        return ""
    header = ("at", "kind", "said", "heard", "score", "margin", "recording")
    rows = [
        (
            f"{int(event.seconds) // 60}:{event.seconds % 60:05.2f}",
            event.kind,
            event.said or "-",
            event.heard or "-",
            f"{event.score:.3f}",
            _margin(event, thresholds),
            event.recording or "-",
        )
        for event in events[:_EVENTS]
    ]
    listed = table(title, header, rows, [False] * len(rows), "text")
    return f"<details><summary>{escape(title)}</summary>{listed}</details>"


def _margin(event: Event, thresholds: Mapping[str, float]) -> str:
    """The score above the threshold of the word that was missed, or that fired."""
    threshold = thresholds.get(event.said if event.kind == "miss" else event.heard)
    return "-" if threshold is None else f"{event.score - threshold:+.3f}"
