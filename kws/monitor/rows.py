"""The lines above and below the words, each a function of the scene."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from kws.events.messages import HeartbeatEvent
from kws.monitor.drawing import Scene, bar
from kws.monitor.state import MonitorState

_QUIETEST_DBFS = -80.0
_GOOD_STATES = ("listening",)
_PASSING_STATES = ("starting", "muted")
_NAMED_TITLE = 12
"""Cells beside the state from which there is something to read of a model's name."""
_LEAST_LEVEL, _MOST_LEVEL = 6, 40
_FRESH_SECONDS = 10.0
"""For so long a remark is shown in full."""
_TIMED_REMARK = 60
"""Cells from which a remark has its time before it."""


def title(scene: Scene, paused: bool) -> Text:
    """Model and device on the left, the state on the right."""
    state = scene.state
    right = Text.assemble(("paused", "bold reverse") if paused else "", " " if paused else "")
    right.append_text(_state(state, scene.now))
    left = Text(" kws  ", "bold")
    room = scene.width - right.cell_len - 1
    if room < left.cell_len:
        left, room = Text(" "), 1
        right.truncate(scene.width - 1, overflow="ellipsis")
    elif room >= _NAMED_TITLE:
        left.append("  ".join(filter(None, (state.model, state.device))), "not bold dim")
        left.truncate(room - 2, overflow="ellipsis")
    left.truncate(room, pad=True)
    return Text.assemble(left, right, " ")


def level(scene: Scene) -> Text:
    """The level meter, with what is wrong with the sound."""
    meter, at = scene.sound.level, scene.heard_at
    value, peak = meter.level(at), meter.peak(at)
    if value is None or peak is None:
        return Text(" no sound analysed", "dim")
    hint, brief = "", ""
    if meter.silent(at):
        hint, brief = "nothing but zeros: muted?", "muted?"
    elif scene.sound.clipping(at):
        hint, brief = "CLIPPING: turn it down", "CLIPPING"
    style = "red" if value > -3 else "yellow" if value > -9 else "green"
    # What is wrong comes before the peak, and the peak before the name of it all.
    for name, shown, said in (
        ("level  ", f"{value:4.0f} dBFS  peak {peak:4.0f}", hint),
        ("level  ", f"{value:4.0f} dBFS", hint),
        ("", f"{value:4.0f} dBFS", hint),
        ("", f"{value:4.0f} dBFS", brief),
    ):
        end = f"{shown}  {said}" if said else shown
        length = min(scene.width - len(f" {name} {end} "), _MOST_LEVEL)
        if length >= _LEAST_LEVEL:
            break
    else:
        return Text.assemble(f" {shown.lstrip()}  ", (said, "bold red"))
    text = Text(f" {name}")
    text.append_text(bar(scene.glyphs, length, _share(value), _share(peak), style))
    text.append(f" {shown}")
    return text.append(f"  {said}" if said else "", "bold red")


def remark(scene: Scene, console: Console, lines: int, extra: int) -> list[Text]:
    """The last thing out of the ordinary: for some seconds in full, then on `lines` lines.

    Args:
        extra: lines beyond `lines` that it may take while it is new.
    """
    said = scene.state.remark
    if said is None:
        return []
    fresh = scene.now - said.at < _FRESH_SECONDS
    style = "bold red" if scene.state.silent_since is not None else "yellow"
    time = f"{said.time.astimezone():%H:%M:%S}  " if scene.width >= _TIMED_REMARK else ""
    text = Text(time + said.text, style)
    most = lines + extra if fresh else lines
    parts = list(text.wrap(console, scene.width - 2))
    for part in parts:
        part.rstrip()
    if len(parts) > most > 0:
        # The end of the last line then shows that there is more.
        parts = [*parts[: most - 1], Text(" ", style).join(parts[most - 1 :])]
    return [Text.assemble(" ", part) for part in parts[:most]]


def keys(scene: Scene) -> Text:
    """What the keys do, as fully as there is room."""
    texts = scene.glyphs.keys
    return Text(next((text for text in texts if len(text) <= scene.width), texts[-1]), "dim")


def health(scene: Scene, lines: int) -> list[Text]:
    """How the daemon fares: all of it where there is room, else what matters most."""
    items = _health_items(scene.state)
    chosen: list[_Item] = []
    for item in sorted(items, key=lambda item: item.rank):
        more = [one for one in items if one in chosen or one is item]
        if len(_flow(more, scene)) <= lines:
            chosen = more
    return _flow(chosen, scene)


def health_lines(scene: Scene) -> int:
    """Lines that all of the health takes."""
    return len(_flow(_health_items(scene.state), scene))


class _Item(NamedTuple):
    """A figure of the health."""

    rank: int
    """The lower, the more it matters."""
    text: str
    style: str = ""


def _flow(items: Sequence[_Item], scene: Scene) -> list[Text]:
    """The items on as many lines as they take."""
    lines: list[Text] = []
    for item in items:
        separator = scene.glyphs.separator
        if lines and lines[-1].cell_len + len(separator) + len(item.text) <= scene.width:
            lines[-1].append(separator, "dim").append(item.text, item.style)
        else:
            lines.append(Text.assemble(" ", (item.text, item.style)))
    return lines


def _state(state: MonitorState, at: float) -> Text:
    if state.silent_since is not None:
        gone = "gone" if state.state == "stopped" else "NOT HEARD"
        return Text(f"{gone} for {at - state.silent_since:.0f} s", "bold red reverse")
    name = state.state or "joining"
    style = "yellow" if name in _PASSING_STATES else "red"
    style = "green" if name in _GOOD_STATES else style
    why = f": {state.why}" if name == "muted" and state.why else ""
    return Text(name.replace("_", " ") + why, f"bold {style}")


def _health_items(state: MonitorState) -> list[_Item]:
    beat = state.heartbeat
    lost = _count(state.lost, "messages lost", 5)
    if beat is None:
        return [_Item(1, "no heartbeat yet", "dim"), lost]
    items = [
        _Item(2, f"up {_duration(beat.uptime)}"),
        _Item(1, f"{100 * beat.real_time_factor:.1f} % of real time", _load_style(beat)),
        _Item(3, f"lag {beat.lag_ms:.0f} ms"),
        _Item(4, f"{beat.rss / 1e6:.0f} MB"),
        _count(beat.overruns, "overruns", 6),
        _count(beat.gaps, "gaps", 7),
        _Item(8, f"{beat.resets} resets"),
        lost,
    ]
    rare = ((beat.dropped, "dropped by the daemon"), (beat.refused, "clients refused"))
    return items + [_count(number, what, 9) for number, what in rare if number]


def _count(number: int, what: str, rank: int) -> _Item:
    """A count of what should not happen: it matters most when it has happened."""
    return _Item(0, f"{number} {what}", "yellow") if number else _Item(rank, f"0 {what}")


def _load_style(beat: HeartbeatEvent) -> str:
    return "red" if beat.real_time_factor > 0.9 else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours}:{minutes:02d}:{rest:02d}"


def _share(dbfs: float) -> float:
    return 1 - dbfs / _QUIETEST_DBFS
