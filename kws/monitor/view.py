"""The whole view, fitted to the terminal."""

from dataclasses import dataclass
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from kws.monitor import rows
from kws.monitor.drawing import ASCII, UNICODE, Scene
from kws.monitor.heard import heard
from kws.monitor.layout import Layout
from kws.monitor.sound import Sound
from kws.monitor.state import MonitorState
from kws.monitor.words import most_columns, words


class Paused(NamedTuple):
    """What stands still while the picture is frozen."""

    sound: Sound
    at: float
    """The time that it shows."""


@dataclass(frozen=True)
class View:
    """Draws `state` as of the time `at`, in as many lines as the screen has.

    What matters least is left out where there is no room (see `Layout`).  While it is paused,
    scores and detections stand still; state, thresholds and remarks do not, so that a threshold
    can be set by what is seen.
    """

    state: MonitorState
    at: float
    paused: Paused | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or console.height
        glyphs = ASCII if options.ascii_only else UNICODE
        sound, heard_at = self.paused or (self.state.sound, self.at)
        scene = Scene(self.state, self.at, sound, heard_at, options.max_width, glyphs)
        for line in self._lines(scene, console, height):
            line.truncate(options.max_width, overflow="ellipsis")
            if options.ascii_only:
                line.plain = line.plain.replace("…", glyphs.ellipsis)
            line.no_wrap = True
            yield line

    def _lines(self, scene: Scene, console: Console, height: int) -> list[Text]:
        layout = Layout.of(
            height,
            words=len(scene.state.thresholds),
            most_columns=most_columns(scene),
            health=rows.health_lines(scene),
        )
        air = [Text()] if layout.air else []
        remark = rows.remark(scene, console, layout.remark, extra=layout.heard or layout.keys)
        # What is not remarked is room for what was heard, and the other way round.
        spare = layout.remark - len(remark) if layout.heard else 0
        newest = heard(scene, layout.heard + spare, heading=layout.headings > 0)
        upper = [
            rows.title(scene, self.paused is not None),
            *([rows.level(scene)] if layout.level else []),
            *air,
            *words(scene, layout.words, layout.columns, heading=layout.headings > 0),
            *air,
            *newest,
        ]
        lower = [
            *air,
            *remark,
            *rows.health(scene, layout.health),
            *([rows.keys(scene)] if layout.keys and (layout.remark or not remark) else []),
        ]
        filling = [Text()] * (height - len(upper) - len(lower))
        return [*upper, *filling, *lower][:height]
