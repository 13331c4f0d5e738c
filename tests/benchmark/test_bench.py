"""`kws bench`: all figures are there and fit each other."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kws.benchmark.babble import babble
from kws.benchmark.factors import measure_factors
from kws.benchmark.latency import BLOCK, measure_latency
from kws.errors import KwsError
from kws.events.topics import DETECTION
from kws.samples import RATE
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.listener import KWS


def bench(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(KWS), "bench", "--seconds", "1", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_json_has_the_documented_figures(tiny_model_folder: Path, tiny_model: Model) -> None:
    result = bench("--json", "--model", tiny_model_folder)
    assert result.returncode == 0, result.stderr
    figures = json.loads(result.stdout)
    assert list(figures) == [
        "kws", "model", "sha256", "words", "machine", "real_time_factor", "streams_per_core",
        "latency_ms", "start_up", "replay",
    ]  # fmt: skip
    assert (figures["model"], figures["words"]) == ("tiny", 3)
    assert figures["sha256"] == tiny_model.sha256
    factor = figures["real_time_factor"]
    assert list(factor) == ["mfcc", "network", "decision", "whole"]
    assert min(factor["mfcc"], factor["network"], factor["whole"]) > 0
    # The decision is what is left of the whole chain, so the steps can never add up to less.
    steps = factor["mfcc"] + factor["network"] + factor["decision"]
    assert steps >= factor["whole"] - 1e-5
    assert figures["streams_per_core"] == int(1 / factor["whole"])
    latency = figures["latency_ms"]
    assert latency["events"] >= 20
    assert 0 < latency["median"] <= latency["p90"] <= latency["p99"] <= latency["worst"]
    for footprint in (figures["start_up"], figures["replay"]):
        assert footprint["cpu"] > 0
        assert footprint["wall"] > 0
        assert 5 < footprint["anonymous"] < footprint["resident"]


def test_the_table_is_for_people(tiny_model_folder: Path) -> None:
    result = bench("--model", tiny_model_folder)
    assert result.returncode == 0, result.stderr
    for row in ("MFCC", "network", "decision", "whole chain", "latency", "start-up", "memory"):
        assert f"\n{row} " in f"\n{result.stdout}"
    assert "measuring: latency" in result.stderr


def test_an_unknown_model_is_one_line() -> None:
    result = bench("--model", "nowhere")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr.startswith("kws: there is no model 'nowhere'")


def test_nothing_heavy_is_loaded() -> None:
    program = "import sys, kws.benchmark.bench; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "kws.benchmark.latency" in loaded
    assert {"torch", "scipy", "matplotlib", "sounddevice"}.isdisjoint(loaded)


def test_what_takes_longer_has_a_larger_factor(tiny_model: Model, shipped_model: Model) -> None:
    sound = babble(2)
    tiny = measure_factors(tiny_model, sound, rounds=3)
    shipped = measure_factors(shipped_model, sound, rounds=3)
    assert tiny.network < shipped.network


def test_detections_are_timed(tiny_model: Model, noise: np.ndarray) -> None:
    sound = noise[: 20 * BLOCK]
    expected = Spotter(tiny_model).feed(sound)
    assert len(expected) > 0
    latency = measure_latency(Spotter(tiny_model), sound, DETECTION)
    assert latency.events == len(expected)
    assert 0 < latency.median <= latency.worst


def test_a_signal_without_an_event_is_an_error(tiny_model: Model) -> None:
    spotter = Spotter(tiny_model, thresholds=0.999999)
    with pytest.raises(KwsError, match="no event came through"):
        measure_latency(spotter, np.zeros(5 * BLOCK, np.float32), DETECTION)


def test_the_sound_is_the_same_each_time_and_not_silent() -> None:
    sound = babble(1)
    assert (len(sound), sound.dtype) == (RATE, np.dtype(np.float32))
    assert np.array_equal(sound, babble(1))
    assert 0.01 < math.sqrt(float(np.mean(sound**2))) < 0.3
    assert np.abs(sound).max() < 1
