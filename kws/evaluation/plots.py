"""Pictures of an evaluation, as SVG."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from kws.evaluation.curves import SHIFTS, Curve
from kws.evaluation.results import AlarmResult, ClipResult, StreamResult

INK = "#1f2933"
_GRID = "#d9dee3"
_COLOURS = ("#1463a5", "#12866f", "#c77400", "#b3261e", "#6d4aa8", "#5f6b76", "#a0447a", "#5a7d1e")
_BLUES = LinearSegmentedColormap.from_list("blues", ("#ffffff", "#1463a5"))
_FEWEST = 0.05
"""False alarms an hour at which the axis begins; fewer are drawn there."""


def det_plot(rows: Sequence[tuple[StreamResult, Curve]], against: str) -> str:
    """Miss rate against false alarms an hour; a dot is where the thresholds are as shipped."""
    figure, axes = _figure(6.4, 4.6)
    for (row, curve), colour in zip(rows, _cycle(len(rows)), strict=True):
        best = _best_settings(curve)
        alarms = np.maximum(np.array(curve.alarms_per_hour)[best], _FEWEST)
        misses, low, high = (
            100 * np.array(values)[best]
            for values in (curve.miss_rate, curve.miss_low, curve.miss_high)
        )
        style = "-" if row.listener == rows[0][0].listener else "--"
        label = f"{row.listener}, {row.stream}"
        axes.plot(alarms, misses, style, color=colour, label=label, drawstyle="steps-post")
        axes.fill_between(alarms, low, high, color=colour, alpha=0.12, linewidth=0, step="post")
        shipped = curve.shifts.index(0.0)
        at = max(curve.alarms_per_hour[shipped], _FEWEST)
        axes.plot(at, 100 * curve.miss_rate[shipped], "o", color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(_FEWEST, 300)
    axes.set_ylim(0.9, 100)
    axes.set_yticks([1, 2, 5, 10, 20, 50, 100])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.minorticks_off()
    axes.set_xlabel(f"false alarms an hour, {against}")
    axes.set_ylabel("keywords missed")
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def alarm_plot(alarms: Sequence[AlarmResult]) -> str:
    """False alarms an hour while all thresholds are moved together."""
    figure, axes = _figure(6.4, 3.4)
    for row, colour in zip(alarms, _cycle(len(alarms)), strict=True):
        axes.plot(SHIFTS, np.maximum(row.curve, _FEWEST), color=colour, label=row.material)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_yscale("log")
    axes.set_ylim(_FEWEST, None)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("shift of all thresholds in log-odds; 0 is as shipped")
    axes.set_ylabel("false alarms an hour")
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def latency_plot(streams: Sequence[StreamResult]) -> str:
    """How long after the word's end the decisions fell."""
    figure, axes = _figure(6.4, 3.4)
    edges = np.arange(-400, 1001, 25)
    for row, colour in zip(streams, _cycle(len(streams)), strict=True):
        shares = np.histogram(np.clip(row.latencies_ms, edges[0], edges[-1]), edges)[0]
        heights = 100 * shares / max(shares.sum(), 1)
        axes.stairs(heights, edges, color=colour, linewidth=1.4, label=row.stream)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel("ms from the end of the word to the decision")
    axes.set_ylabel("% of the hits")
    axes.legend(frameon=False, fontsize=8)
    return _svg(figure)


def confusion_plot(clips: ClipResult) -> str:
    """What was said (rows) against what was decided (columns)."""
    counts = np.array(clips.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = len(clips.labels)
    figure, axes = _figure(1.6 + 0.5 * size, 1.3 + 0.42 * size)
    axes.imshow(shares, cmap=_BLUES, vmin=0, vmax=1, aspect="auto")
    for row, column in zip(*np.nonzero(counts), strict=True):
        text = axes.text(column, row, str(counts[row, column]), ha="center", va="center")
        text.set(fontsize=8, color="white" if shares[row, column] > 0.5 else INK)
    names = [label.strip("_") for label in clips.labels]
    axes.set_xticks(range(size), names, rotation=45, ha="right")
    axes.set_yticks(range(size), names)
    axes.set_xlabel("decided")
    axes.set_ylabel("said")
    axes.grid(visible=False)
    return _svg(figure)


def _best_settings(curve: Curve) -> list[int]:
    """Indices of the settings that no other beats in misses and alarms, fewest alarms first."""
    best: list[int] = []
    pairs = zip(curve.alarms_per_hour, curve.miss_rate, strict=True)
    for (_, missed), index in sorted((pair, index) for index, pair in enumerate(pairs)):
        if not best or missed < curve.miss_rate[best[-1]]:
            best.append(index)
    return best


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure((width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GRID)
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=8, length=0)
    return figure, axes


def _cycle(count: int) -> list[str]:
    return [_COLOURS[index % len(_COLOURS)] for index in range(count)]


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
