"""`kws bench`: what kws costs on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.options import ModelOption
from kws.cli.talk import say
from kws.text import counted

if TYPE_CHECKING:
    from rich.table import Table

    from kws.benchmark.figures import Figures


def bench(
    model: ModelOption = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="N", min=1, help="Length of the sound.")
    ] = 5.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object with all figures.")
    ] = False,
) -> None:
    """Measure what kws costs on this machine.

    Real-time factor of each step, latency from the audio ring to a
    subscriber in another process, memory and start-up of kws replay. Takes
    about ten seconds more than the sound lasts, which is played once in
    real time.

    The sound is noise that swells and fades like syllables: what is heard
    makes no difference to the cost. Times are processor times, the least
    of several rounds; only the latency and the wall time suffer from what
    else the machine does.

    Examples:

        kws bench

        kws bench --seconds 60 --model my_model

        kws bench --json | jq .real_time_factor.whole
    """
    import msgspec

    from kws.benchmark.bench import bench as measure
    from kws.cli.output import print_wide, write_line
    from kws.spotting.model import load_model

    figures = measure(load_model(model), seconds, lambda what: say(f"measuring: {what}"))
    if as_json:
        write_line(msgspec.json.encode(figures).decode())
    else:
        print_wide(_table(figures))


def _table(figures: "Figures") -> "Table":
    """The figures for people."""
    from rich.table import Table

    machine, factor, latency = figures.machine, figures.real_time_factor, figures.latency_ms
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")
    for step, value in (
        ("MFCC", factor.mfcc),
        ("network", factor.network),
        ("decision", factor.decision),
        ("whole chain", factor.whole),
    ):
        table.add_row(step, f"{value:.5f}", f"CPU seconds per second, {value:.2%} of one core")
    table.add_row("streams per core", str(figures.streams_per_core), "in real time, one by one")
    table.add_row("latency", f"{latency.median:.1f} ms", _latency_note(figures))
    start_up, replay = figures.start_up, figures.replay
    table.add_row("start-up", f"{start_up.cpu:.2f} s", f"CPU; {start_up.wall:.2f} s by the clock")
    if replay.resident is not None and replay.anonymous is not None:
        table.add_row("memory", f"{replay.resident:.0f} MB", f"RssAnon {replay.anonymous:.0f} MB")
    table.add_section()
    table.add_row("model", figures.model, counted(figures.words, "word"))
    cores = counted(machine.cores, "core")
    table.add_row("machine", cores, f"{machine.processor}, {machine.system}")
    table.add_row("kws", figures.kws, f"Python {machine.python}, numpy {machine.numpy}")
    return table


def _latency_note(figures: "Figures") -> str:
    latency = figures.latency_ms
    return (
        f"ring to subscriber; 90 % {latency.p90:.1f}, 99 % {latency.p99:.1f}, "
        f"worst of {latency.events} {latency.worst:.1f}"
    )
