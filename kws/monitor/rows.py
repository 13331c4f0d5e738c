"""The lines of the view, each a function of the state."""

from rich.cells import set_cell_size
from rich.text import Text

from kws.events.messages import DetectionEvent, HeartbeatEvent
from kws.events.moments import moment
from kws.monitor.drawing import Glyphs, bar, curve, score_style
from kws.monitor.state import MonitorState

_QUIETEST_DBFS = -80.0
_NOW_COLUMNS = 2
"""A score is on show for a moment, or no eye would catch it."""
_GOOD_STATES = ("listening",)
_PASSING_STATES = ("starting", "muted")


def title(state: MonitorState, at: float, width: int, paused: bool) -> Text:
    """Model and device on the left, the state on the right."""
    right = Text.assemble("  ", ("paused ", "bold reverse") if paused else "", _state(state, at))
    left = Text.assemble(
        (" kws", "bold"), ("  " + "  ".join(filter(None, (state.model, state.device))), "dim")
    )
    left.truncate(max(0, width - right.cell_len - 1), overflow="ellipsis", pad=True)
    return Text.assemble(left, right, " ")


def level(state: MonitorState, at: float, width: int, glyphs: Glyphs) -> Text:
    """The level meter, with what is wrong with the sound."""
    text = Text(" level  ")
    value, peak = state.level.level(at), state.level.peak(at)
    if value is None or peak is None:
        text.append("no sound is being analysed", "dim")
        return text
    hint = ""
    if state.level.silent(at):
        hint = "  nothing but zeros: muted?"
    elif state.clipping(at):
        hint = "  CLIPPING: turn it down"
    figures = f" {value:4.0f} dBFS  peak {peak:4.0f}"
    length = max(6, min(40, width - text.cell_len - len(figures) - len(hint) - 1))
    style = "red" if value > -3 else "yellow" if value > -9 else "green"
    text.append_text(bar(glyphs, length, _share(value), _share(peak), style))
    text.append(figures)
    text.append(hint, "bold red")
    return text


def word_heading(widths: "WordWidths") -> Text:
    """What stands above the words."""
    name = set_cell_size("word", widths.name)
    score = set_cell_size("score", widths.bar)
    return Text(f" {name} {score}   now    at  best  last {widths.seconds:.0f} s", "dim")


def word(state: MonitorState, at: float, name: str, widths: "WordWidths", glyphs: Glyphs) -> Text:
    """Score, threshold, best score and curve of a word."""
    threshold = state.thresholds[name]
    columns = state.history.latest(widths.curve)
    score = state.history.best(name, _NOW_COLUMNS) if state.listening(at) else None
    best = state.history.best(name, widths.curve)
    fired = state.just_fired(name, at)
    style = "" if score is None else score_style(score, threshold)
    return Text.assemble(
        (glyphs.fired if fired else " ", "bold green"),
        (set_cell_size(name, widths.name), "bold reverse" if fired else "bold"),
        " ",
        bar(glyphs, widths.bar, score or 0.0, threshold, style),
        ("  " + _figure(score), style),
        ("  " + _figure(threshold), "cyan"),
        ("  " + _figure(best), "" if best is None else score_style(best, threshold)),
        "  ",
        curve(glyphs, widths.curve, columns, name, threshold),
    )


class WordWidths:
    """How the words share a line of `width` cells: name, bar and curve (cells, columns)."""

    def __init__(self, width: int, longest: int, seconds_per_column: float) -> None:
        self.name = max(4, min(longest, width // 5))
        self.bar = max(6, min(24, width // 6))
        figures = 3 * len("  0.00") + 2
        self.curve = max(0, width - 1 - self.name - 1 - self.bar - figures - 1)
        self.seconds = self.curve * seconds_per_column


def detection_heading() -> Text:
    """What stands above the detections."""
    return Text(" heard         word          score    at  latency     level", "dim")


def detection(event: DetectionEvent) -> Text:
    """A detection: when the word ended, and the figures of the decision."""
    return Text.assemble(
        (f" {moment(event)}", "dim"),
        "  ",
        (set_cell_size(event.keyword, 12), "bold"),
        f"  {event.score:5.2f}",
        (f"  {event.threshold:.2f}", "cyan"),
        f"  {event.latency_ms:4.0f} ms  {event.level_dbfs:3.0f} dBFS",
        ("  gap" if event.gap else "", "yellow"),
    )


def health(state: MonitorState, width: int, glyphs: Glyphs) -> list[Text]:
    """How the daemon fares, on as many lines as it takes."""
    lines = [Text(" ")]
    for item in _health_items(state):
        separator = "" if len(lines[-1]) == 1 else glyphs.separator
        if lines[-1].cell_len + len(separator) + item.cell_len > width and separator:
            lines.append(Text(" "))
            separator = ""
        lines[-1].append(separator, "dim").append_text(item)
    return lines


def remark(state: MonitorState) -> Text | None:
    """The last thing out of the ordinary."""
    if state.remark is None:
        return None
    style = "bold red" if state.silent_since is not None else "yellow"
    return Text(f" {state.remark.time.astimezone():%H:%M:%S}  {state.remark.text}", style)


def _state(state: MonitorState, at: float) -> Text:
    if state.silent_since is not None:
        gone = "gone" if state.state == "stopped" else "NOT HEARD"
        return Text(f"{gone} for {at - state.silent_since:.0f} s", "bold red reverse")
    name = state.state or "joining"
    style = "yellow" if name in _PASSING_STATES else "red"
    style = "green" if name in _GOOD_STATES else style
    why = f": {state.why}" if name == "muted" and state.why else ""
    return Text(name.replace("_", " ") + why, f"bold {style}")


def _health_items(state: MonitorState) -> list[Text]:
    beat = state.heartbeat
    lost = _count(state.lost, "messages lost")
    if beat is None:
        return [Text("no heartbeat yet", "dim"), lost]
    items = [
        Text(f"up {_duration(beat.uptime)}"),
        Text(f"{100 * beat.real_time_factor:.1f} % of real time", _load_style(beat)),
        Text(f"lag {beat.lag_ms:.0f} ms"),
        Text(f"{beat.rss / 1e6:.0f} MB"),
        _count(beat.overruns, "overruns"),
        _count(beat.gaps, "gaps"),
        Text(f"{beat.resets} resets"),
        lost,
    ]
    rare = ((beat.dropped, "dropped by the daemon"), (beat.refused, "clients refused"))
    return items + [_count(number, what) for number, what in rare if number]


def _count(number: int, what: str) -> Text:
    return Text(f"{number} {what}", "yellow" if number else "")


def _load_style(beat: HeartbeatEvent) -> str:
    return "red" if beat.real_time_factor > 0.9 else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours}:{minutes:02d}:{rest:02d}"


def _figure(value: float | None) -> str:
    return "   -" if value is None else f"{value:4.2f}"


def _share(dbfs: float) -> float:
    return 1 - dbfs / _QUIETEST_DBFS
