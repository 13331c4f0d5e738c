"""All figures of a machine, one after the other."""

import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from kws.benchmark.babble import babble
from kws.benchmark.factors import measure_factors
from kws.benchmark.figures import Figures, Machine
from kws.benchmark.footprint import measure_footprint
from kws.benchmark.latency import BLOCK, measure_latency
from kws.events.topics import POSTERIORS
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter

_CPU_INFO = Path("/proc/cpuinfo")
_START_UPS = 3


def bench(model: Model, seconds: float, say: Callable[[str], None]) -> Figures:
    """Measure everything with `seconds` of sound; `say` is told what comes next.

    Raises:
        KwsError: a part of kws does not run.
    """
    samples = babble(seconds)
    say("start-up and memory")
    start_ups = [measure_footprint(samples[:BLOCK], model.path) for _ in range(_START_UPS)]
    replay = measure_footprint(samples, model.path)
    say("real-time factor")
    factors = measure_factors(model, samples)
    say(f"latency, {seconds:g} s in real time")
    # Every row of posteriors goes the way of a detection, and there is one in every block.
    latency = measure_latency(Spotter(model), samples, POSTERIORS)
    return Figures(
        kws=version("kws"),
        model=model.spec.name,
        sha256=model.sha256,
        words=len(model.words),
        machine=_machine(),
        real_time_factor=factors,
        streams_per_core=factors.streams,
        latency_ms=latency,
        start_up=min(start_ups, key=lambda footprint: footprint.cpu),
        replay=replay,
    )


def _machine() -> Machine:
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        numpy=version("numpy"),
    )


def _processor() -> str:
    """Its name as a person would say it, where the system tells."""
    lines = _CPU_INFO.read_text().splitlines() if _CPU_INFO.exists() else []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):
            return value.strip()
    return platform.processor() or platform.machine()
