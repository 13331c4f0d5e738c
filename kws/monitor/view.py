"""The whole view, fitted to the terminal."""

from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from kws.monitor import rows
from kws.monitor.drawing import ASCII, UNICODE, Glyphs
from kws.monitor.history import COLUMN_SECONDS
from kws.monitor.state import MonitorState

_AIRY_DETECTIONS = 3
_AIR = 7
"""Lines that headings, empty lines and the keys take."""
_LOW_BOTTOM = 2
"""Lines below the detections where there is no room for more."""
_KEYS = " q quit   p pause   m mute"


@dataclass(frozen=True)
class View:
    """Draws `state` as of the time `at`, in as many lines as the screen has.

    What matters least goes first when there is no room: empty lines, headings and keys, then old
    detections, then the words that scored least.
    """

    state: MonitorState
    at: float
    paused: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or console.height
        glyphs = ASCII if options.ascii_only else UNICODE
        for line in self._lines(options.max_width, height, glyphs)[:height]:
            line.truncate(options.max_width, overflow="ellipsis")
            if options.ascii_only:
                line.plain = line.plain.replace("…", ".")
            line.no_wrap = True
            yield line

    def _lines(self, width: int, height: int, glyphs: Glyphs) -> list[Text]:
        state = self.state
        top = [
            rows.title(state, self.at, width, self.paused),
            rows.level(state, self.at, width, glyphs),
        ]
        remark = rows.remark(state)
        bottom = rows.health(state, width, glyphs)
        wish = len(top) + len(state.thresholds) + _AIRY_DETECTIONS + len(bottom) + _AIR
        airy = height >= wish
        if airy:
            top.insert(1, Text())
            bottom = [remark or Text(), *bottom, Text(_KEYS, "dim")]
        else:
            bottom = [*filter(None, [remark]), *bottom][:_LOW_BOTTOM]
        room = height - len(top) - len(bottom)
        words = self._words(width, room - 1, airy, glyphs)
        heard = self._detections(room - len(words), airy)
        filling = [Text()] * (room - len(words) - len(heard))
        return [*top, *words, *heard, *filling, *bottom]

    def _words(self, width: int, room: int, airy: bool, glyphs: Glyphs) -> list[Text]:
        state = self.state
        names = list(state.thresholds)
        widths = rows.WordWidths(width, max(map(cell_len, names), default=0), COLUMN_SECONDS)
        lines = [Text(), rows.word_heading(widths)] if airy else []
        room -= len(lines)
        if len(names) > room:
            shown = set(self._highest(widths.curve, room - 1))
            more = Text(f" and {len(names) - len(shown)} more, which scored less", "dim")
            names = [name for name in names if name in shown]
        else:
            more = None
        lines += [rows.word(state, self.at, name, widths, glyphs) for name in names]
        return lines + ([more] if more else [])

    def _highest(self, columns: int, count: int) -> list[str]:
        """The `count` words that scored highest on the visible part of the curves."""
        best = {word: self.state.history.best(word, columns) or 0 for word in self.state.thresholds}
        return sorted(best, key=lambda word: -best[word])[: max(0, count)]

    def _detections(self, room: int, airy: bool) -> list[Text]:
        lines = [Text(), rows.detection_heading()] if airy else []
        newest = list(self.state.detections)[::-1][: max(0, room - len(lines))]
        if not self.state.detections:
            return [*lines, Text(" nothing heard yet", "dim")]
        return lines + [rows.detection(event) for event in newest]
