"""The comparison of `state_over_days.py` as tables in Markdown and as a picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.state_comparison import Paired, Report, Side

UNBROKEN, BROKEN = "#1463a5", "#c77400"
LAYERS = ("#1463a5", "#12866f", "#6d4aa8", "#a0447a")
SIZES = ("mean c", "mean h", "largest c")


def tables(report: Report) -> str:
    """Both spotters, what only one of them had, and the state hour by hour."""
    every = f"fresh state every {report.reset_seconds:g} s"
    lines = [
        f"{report.hours:.2f} h, seed {report.seed}, model {report.model} {report.sha256[:12]}; "
        f"{report.unbroken.keywords} keywords, {report.left_out} more too near to a reset",
        "",
        f"| | one unbroken state | {every} |",
        "|---|---|---|",
        _row("keywords missed", report, _misses),
        _row("miss rate", report, _miss_rate),
        _row("false alarms", report, _alarms),
        _row("an hour", report, _alarm_rate),
        "",
        f"| | only unbroken | only {every} | difference | p |",
        "|---|---|---|---|---|",
        _paired_row("missed", report.misses, 100, " points"),
        _paired_row("false alarms", report.alarms, 1, " an hour"),
        "",
        f"| said in | keywords | missed by the unbroken state | missed with {every} |",
        "|---|---|---|---|",
        *(
            f"| {kind} | {scene.keywords} | {scene.misses[0]} | {scene.misses[1]} |"
            for kind, scene in report.by_scene.items()
        ),
        "",
        *_hours(report),
    ]
    return "\n".join(lines)


def draw(report: Report, path: Path) -> None:
    """A picture over the hours: sizes of the state, miss rates, false alarms."""
    figure = Figure(figsize=(8, 7.5), layout="constrained")
    state, misses, alarms = figure.subplots(3, 1, sharex=True)
    hours = np.arange(len(report.by_hour)) + 0.5
    for index, colour in zip(range(len(report.by_hour[0].layers)), LAYERS, strict=False):
        layers = [hour.layers[index] for hour in report.by_hour]
        state.plot(
            hours, [layer.cell for layer in layers], color=colour, label=f"|c| of layer {index + 1}"
        )
        state.plot(
            hours, [layer.hidden for layer in layers], "--", color=colour,
            label=f"|h| of layer {index + 1}",
        )  # fmt: skip
    state.set_title(f"{report.model}: {report.hours:.0f} h through one state", loc="left")
    _finish(state, "mean of the unbroken state")
    both = zip(
        ("one unbroken state", "with resets"), (UNBROKEN, BROKEN), ("o-", "s--"), strict=True
    )
    for side, (label, colour, style) in enumerate(both):
        share = [100 * hour.misses[side] / max(hour.keywords, 1) for hour in report.by_hour]
        misses.plot(hours, share, style, color=colour, label=label, markersize=4)
        count = [hour.alarms[side] for hour in report.by_hour]
        alarms.plot(hours, count, style, color=colour, label=label, markersize=4)
    _finish(misses, "keywords missed, %")
    _finish(alarms, "false alarms")
    alarms.set_xlabel("hour")
    figure.savefig(path, dpi=110)


def _finish(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, ncols=2)


def _row(name: str, report: Report, cell: Callable[[Side], str]) -> str:
    return f"| {name} | {cell(report.unbroken)} | {cell(report.broken)} |"


def _misses(side: Side) -> str:
    return f"{side.misses} of {side.keywords}"


def _miss_rate(side: Side) -> str:
    rate, low, high = (100 * value for value in (side.miss_rate, side.miss_low, side.miss_high))
    return f"{rate:.1f} % ({low:.1f} - {high:.1f})"


def _alarms(side: Side) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in side.kinds.items() if count)
    return f"{side.alarms} ({kinds})" if kinds else str(side.alarms)


def _alarm_rate(side: Side) -> str:
    return f"{side.alarms_per_hour:.2f} ({side.alarms_low:.2f} - {side.alarms_high:.2f})"


def _paired_row(name: str, paired: Paired, scale: float, unit: str) -> str:
    difference, low, high = (
        scale * value for value in (paired.difference, paired.low, paired.high)
    )
    return (
        f"| {name} | {paired.only_unbroken} | {paired.only_broken} "
        f"| {difference:+.2f}{unit} ({low:+.2f} to {high:+.2f}) | {paired.p_value:.2f} |"
    )


def _hours(report: Report) -> list[str]:
    count = len(report.by_hour[0].layers)
    names = [f"{what} {layer}" for layer in range(1, count + 1) for what in SIZES]
    lines = [f"| hour | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for index, hour in enumerate(report.by_hour, 1):
        sizes = [
            f"{size:.4f}"
            for layer in hour.layers
            for size in (layer.cell, layer.hidden, layer.largest)
        ]
        lines.append(f"| {index} | {' | '.join(sizes)} |")
    return lines
