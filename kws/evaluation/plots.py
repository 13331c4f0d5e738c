"""Pictures of an evaluation, as SVG for its page."""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from kws.evaluation.curves import SHIFTS, Curve
from kws.evaluation.results import AlarmResult, ClipResult, StreamResult
from kws.evaluation.svg import INK, axes, inline_svg, page_style, series

_FEWEST, _LEAST = 0.05, 0.9
"""False alarms an hour, and % of misses, at which axes begin; less is drawn there."""
_WIDTH = 5.8
"""Of a plot in inches: on a telephone it scrolls, but its letters stay legible."""
CELL_OPACITY = 0.48
"""Of a cell that holds all clips of its row: the number on it must stay legible."""


@page_style()
def det_plot(rows: Sequence[tuple[StreamResult, Curve]], against: str, name: str) -> str:
    """Miss rate against false alarms an hour; a dot is where the thresholds are as shipped."""
    plot = axes(_WIDTH, 4.4)
    for (row, curve), colour in zip(rows, series(len(rows)), strict=True):
        best = _best_settings(curve)
        alarms = np.maximum(np.array(curve.alarms_per_hour)[best], _FEWEST)
        misses, low, high = (
            np.maximum(100 * np.array(values)[best], _LEAST)
            for values in (curve.miss_rate, curve.miss_low, curve.miss_high)
        )
        style = "-" if row.listener == rows[0][0].listener else "--"
        label = f"{row.listener}, {row.stream}"
        plot.plot(alarms, misses, style, color=colour, label=label, drawstyle="steps-post")
        plot.fill_between(alarms, low, high, color=colour, alpha=0.12, linewidth=0, step="post")
        shipped = curve.shifts.index(0.0)
        at = max(curve.alarms_per_hour[shipped], _FEWEST)
        missed = max(100 * curve.miss_rate[shipped], _LEAST)
        plot.plot(at, missed, "o", color=colour, clip_on=False)
    plot.set_xscale("log")
    plot.set_yscale("log")
    plot.set_xlim(_FEWEST, 300)
    plot.set_ylim(_LEAST, 100)
    plot.set_yticks([1, 2, 5, 10, 20, 50, 100])
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plot.minorticks_off()
    plot.set_xlabel(f"false alarms an hour, {against}")
    plot.set_ylabel("keywords missed")
    plot.legend()
    return inline_svg(plot, name, f"Keywords missed against false alarms an hour, {against}")


@page_style()
def alarm_plot(alarms: Sequence[AlarmResult]) -> str:
    """False alarms an hour while all thresholds are moved together."""
    plot = axes(_WIDTH, 3.4)
    for row, colour in zip(alarms, series(len(alarms)), strict=True):
        plot.plot(SHIFTS, np.maximum(row.curve, _FEWEST), color=colour, label=row.material)
    plot.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    plot.set_yscale("log")
    most = max((max(row.curve) for row in alarms), default=0.0)
    plot.set_ylim(_FEWEST, max(1.0, 1.5 * most))
    plot.minorticks_off()
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    plot.set_xlabel("shift of all thresholds in log-odds; 0 is as shipped")
    plot.set_ylabel("false alarms an hour")
    plot.legend()
    return inline_svg(plot, "alarms", "False alarms an hour against a shift of all thresholds")


@page_style()
def latency_plot(streams: Sequence[StreamResult]) -> str:
    """How long after the word's end the decisions fell."""
    plot = axes(_WIDTH, 3.4)
    edges = np.arange(-400, 1001, 25)
    for row, colour in zip(streams, series(len(streams)), strict=True):
        shares = np.histogram(np.clip(row.latencies_ms, edges[0], edges[-1]), edges)[0]
        heights = 100 * shares / max(shares.sum(), 1)
        plot.stairs(heights, edges, color=colour, linewidth=1.4, label=row.stream)
    plot.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    plot.set_xlabel("ms from the end of the word to the decision")
    plot.set_ylabel("% of the hits")
    plot.legend()
    return inline_svg(plot, "latency", "Histogram of the time from the end of a word to its event")


@page_style()
def confusion_plot(clips: ClipResult) -> str:
    """What was said (rows) against what was decided (columns)."""
    counts = np.array(clips.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(clips.labels)
    plot = axes(1.6 + 0.5 * size, 1.3 + 0.42 * size)
    (colour,) = series(1)
    for row, column in zip(*np.nonzero(counts), strict=True):
        opacity = CELL_OPACITY * shares[row, column]
        corner = (column - 0.5, row - 0.5)
        plot.add_patch(Rectangle(corner, 1, 1, facecolor=colour, alpha=opacity, linewidth=0))
        text = str(counts[row, column])
        plot.text(column, row, text, ha="center", va="center", fontsize=9)
    plot.set_xlim(-0.5, size - 0.5)
    plot.set_ylim(size - 0.5, -0.5)
    names = [label.strip("_") for label in clips.labels]
    plot.set_xticks(range(size), names, rotation=45, ha="right")
    plot.set_yticks(range(size), names)
    plot.set_xlabel("decided")
    plot.set_ylabel("said")
    plot.grid(visible=False)
    return inline_svg(plot, "confusion", "How often each word was taken for each word")


def _best_settings(curve: Curve) -> list[int]:
    """Indices of the settings that no other beats in misses and alarms, fewest alarms first."""
    best: list[int] = []
    pairs = zip(curve.alarms_per_hour, curve.miss_rate, strict=True)
    for (_, missed), index in sorted((pair, index) for index, pair in enumerate(pairs)):
        if not best or missed < curve.miss_rate[best[-1]]:
            best.append(index)
    return best
