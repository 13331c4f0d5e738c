"""The lines of detections and near misses."""

from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from kws.events.messages import DetectionEvent
from kws.events.moments import moment, moment_of
from kws.monitor.drawing import Scene, fitted
from kws.monitor.sound import NearMiss
from kws.samples import RATE

_LONG_NAME = 12
_FIGURES = len("  0.00  0.00")
_TIME, _SHORT_TIME = 12, 8
_DETAIL = 12
_LEVEL = len("  -120 dBFS  gap")


class HeardWidths(NamedTuple):
    """What of a detection or a near miss has room on a line."""

    name: int
    """Cells of the word."""
    time: int
    """Cells of the time, 0 if it is left out."""
    detail: bool
    """Whether there is room for the latency, or what was lacking."""
    level: bool
    """Whether there is room for the level, and for a gap."""

    @classmethod
    def of(cls, scene: Scene) -> "HeardWidths":
        """The widths on a screen: the same on every line."""
        longest = max(map(cell_len, scene.state.thresholds), default=0)
        room = scene.width - len(" @ ") - _FIGURES
        name = max(1, min(max(len("word"), longest), max(_LONG_NAME, scene.width // 3), room))
        room -= name
        time = next((time for time in (_TIME, _SHORT_TIME) if room >= time + 2), 0)
        room -= time + 2 if time else 0
        detail = room >= _DETAIL
        return cls(name, time, detail, detail and room - _DETAIL >= _LEVEL)


def heard(scene: Scene, lines: int, heading: bool) -> list[Text]:
    """The last detections and near misses, the newest first, with a heading if that is wished."""
    widths = HeardWidths.of(scene)
    newest = scene.sound.heard[-lines:][::-1] if lines > 0 else []
    rows = [_row(scene, entry, widths) for entry in newest]
    if not scene.sound.heard and lines > 0:
        rows = [Text(" nothing heard yet", "dim")]
    return [_heading(scene, widths), *rows] if heading else rows


def _heading(scene: Scene, widths: HeardWidths) -> Text:
    text = "   " + ("heard".ljust(widths.time) + "  " if widths.time else "")
    text += "word".ljust(widths.name) + "  score" + "   at"
    text += "   latency  " if widths.detail else ""
    text += "     level" if widths.level else ""
    marks = f"   {scene.glyphs.near} near miss"
    if len(text) + len(marks) <= scene.width:
        text += marks
    return Text(text, "dim")


def _row(scene: Scene, entry: DetectionEvent | NearMiss, widths: HeardWidths) -> Text:
    """When, which word, and the figures of the decision."""
    if isinstance(entry, DetectionEvent):
        mark, word, when = (scene.glyphs.fired, "bold green"), entry.keyword, moment(entry)
        score, threshold, timed = entry.score, entry.threshold, entry.time is not None
        detail = f"{entry.latency_ms:5.0f} ms"
        level = Text(f"  {entry.level_dbfs:4.0f} dBFS")
        level.append("  gap" if entry.gap else "", "yellow")
    else:
        mark, word = (scene.glyphs.near, "bold yellow"), entry.peak.word
        when, timed = moment_of(entry.time, entry.position / RATE), entry.time is not None
        score, threshold = entry.peak.score, entry.peak.threshold
        detail, level = entry.peak.lack, Text()
    line = Text.assemble(" ", mark, " ")
    if widths.time:
        short = when[: widths.time] if timed else when.strip().rjust(widths.time)
        line.append(f"{short}  ", "dim")
    line.append_text(fitted(scene.glyphs, word, widths.name, "bold"))
    line.append(f"  {score:5.2f}").append(f" {threshold:4.2f}", "cyan")
    if widths.detail:
        line.append(f"  {detail:<{_DETAIL - 2}}")
    return line.append_text(level) if widths.level else line
