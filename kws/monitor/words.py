"""The words with their scores and thresholds, side by side or one below the other."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from kws.monitor.drawing import Scene, bar, curve, fitted, score_style
from kws.monitor.history import COLUMN_SECONDS
from kws.monitor.layout import lines_of
from kws.monitor.state import MonitorState

_NOW_COLUMNS = 2
"""A score is on show for a moment, or no eye would catch it."""
_BETWEEN = 2
"""Cells between words side by side."""
_MARKS = 3
_COMPLETE = len("  0.00  0.00* 0.00")
_COMPACT = len(" 0.00/0.00*")
_LONG_NAME = 12
"""Cells; for a longer name no column of words is given up."""
_LEAST_BAR, _MOST_BAR = 5, 24
_LEAST_CURVE = 10
_LEAST_BEST = 25
"""Columns in which the best score is looked for where the curve has no room: 5 s."""


class WordWidths:
    """How a word shares `width` cells: marks, name, bar, figures and curve.

    Attributes:
        complete: whether the best score is among the figures.
        name, bar, curve: cells; of the bar and the curve 0 where there is no room.
        best: columns in which the best score is looked for.
    """

    def __init__(self, width: int, longest: int) -> None:
        """Args: longest: cells of the longest name."""
        room = max(1, width - _MARKS - _COMPACT)
        self.name = min(max(longest, len("word")), max(width * 3 // 5, _LONG_NAME), room)
        rest = width - _MARKS - self.name
        self.complete = rest >= 1 + _LEAST_BAR + _COMPLETE
        rest -= _COMPLETE if self.complete else _COMPACT
        self.bar = min(max(width // 6, 6), _MOST_BAR)
        self.curve = rest - 1 - self.bar - 2
        if not self.complete or self.curve < _LEAST_CURVE:
            self.curve = 0
            self.bar = min(rest - 1, _MOST_BAR) if rest > _LEAST_BAR else 0
        self.best = max(self.curve, _LEAST_BEST)


def most_columns(scene: Scene) -> int:
    """How many words fit side by side."""
    cell = _MARKS + min(_longest(scene.state), _LONG_NAME) + _COMPACT
    return max(1, (scene.width + _BETWEEN) // (cell + _BETWEEN))


def words(scene: Scene, lines: int, columns: int, heading: bool) -> list[Text]:
    """The words in so many lines and columns, with a heading on top of them if that is wished.

    Where not all of them have room it is those around the selected one or, if none is, those that
    scored most.
    """
    names, others = list(scene.state.thresholds), None
    room = _room(scene, columns)
    widths = WordWidths(room, _longest(scene.state))
    if lines_of(len(names), columns) > lines:
        # The last line tells of the others, unless it is the only one.
        count = columns * max(1, lines - 1)
        names, others = _most_important(scene, count, widths.best)
    high = lines_of(len(names), columns)
    cells = [_word(scene, name, widths) for name in names]
    rows = [_side_by_side(cells[row::high], room) for row in range(high)]
    if others is not None and lines > 1:
        rows.append(others)
    if heading:
        rows.insert(0, _side_by_side([_heading(widths)] * -(-len(names) // high), room))
    return rows


def _most_important(scene: Scene, count: int, best_columns: int) -> tuple[list[str], Text]:
    """So many words in the order of the daemon, and what to say of the others."""
    names, selected = list(scene.state.thresholds), scene.state.selected
    hidden = len(names) - count
    if selected is not None:
        above = min(max(names.index(selected) - count // 2, 0), hidden)
        others = f" {above} above, {hidden - above} below"
        return names[above : above + count], Text(others, "dim")
    best = {name: scene.sound.history.best(name, best_columns) or 0.0 for name in names}
    shown = set(sorted(names, key=lambda name: -best[name])[:count])
    others = f" and {hidden} more, none scored higher"
    if len(others) > scene.width:
        others = f" and {hidden} more"
    return [name for name in names if name in shown], Text(others, "dim")


def _word(scene: Scene, name: str, widths: WordWidths) -> Text:
    """Marks, score, threshold, best score and curve of a word."""
    state, sound, at, glyphs = scene.state, scene.sound, scene.heard_at, scene.glyphs
    threshold = state.thresholds[name]
    score = sound.history.best(name, _NOW_COLUMNS) if sound.listening(at) else None
    style = "" if score is None else score_style(score, threshold)
    text = Text.assemble(
        (glyphs.selected if name == state.selected else " ", "bold"),
        _mark(scene, name),
        " ",
        fitted(glyphs, name, widths.name, "bold reverse" if sound.just_fired(name, at) else "bold"),
    )
    if widths.bar:
        text.append(" ").append_text(bar(glyphs, widths.bar, score or 0.0, threshold, style))
    flag = "?" if name in state.asked else "*" if name in state.unsaved else " "
    text.append(("  " if widths.complete else " ") + _figure(score), style)
    text.append("  " if widths.complete else "/", "dim")
    text.append(_figure(threshold) + flag, "cyan")
    if widths.complete:
        best = sound.history.best(name, widths.best)
        text.append(" " + _figure(best), "" if best is None else score_style(best, threshold))
    if widths.curve:
        columns = sound.history.latest(widths.curve)
        text.append("  ").append_text(curve(glyphs, widths.curve, columns, name, threshold))
    return text


def _mark(scene: Scene, name: str) -> tuple[str, str]:
    if scene.sound.just_fired(name, scene.heard_at):
        return scene.glyphs.fired, "bold green"
    if scene.sound.just_missed(name, scene.heard_at):
        return scene.glyphs.near, "bold yellow"
    return " ", ""


def _heading(widths: WordWidths) -> Text:
    """What stands above a word."""
    text = " " * _MARKS + "word".ljust(widths.name)
    if widths.bar:
        text += " " + ("score" if widths.complete else "").ljust(widths.bar)
    text += "   now    at  best" if widths.complete else "  now/at   "
    if widths.curve:
        text += f"  last {widths.curve * COLUMN_SECONDS:.0f} s"
    return Text(text, "dim")


def _room(scene: Scene, columns: int) -> int:
    """Cells for each of so many words side by side."""
    return (scene.width - _BETWEEN * (columns - 1)) // columns


def _side_by_side(cells: Sequence[Text], room: int) -> Text:
    """Words with `room` cells for each."""
    line = Text()
    for index, cell in enumerate(cells):
        cell = cell.copy()
        cell.truncate(room + _BETWEEN if index < len(cells) - 1 else room, pad=True)
        line.append_text(cell)
    return line


def _longest(state: MonitorState) -> int:
    return max(map(cell_len, state.thresholds), default=0)


def _figure(value: float | None) -> str:
    return "   -" if value is None else f"{value:4.2f}"
