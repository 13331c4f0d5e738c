"""What a whole `kws replay` takes in a fresh process."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile

from kws.benchmark.figures import Footprint
from kws.errors import KwsError
from kws.samples import RATE, Samples


def measure_footprint(samples: Samples, model: Path) -> Footprint:
    """Replay `samples` (N,) in a fresh process.

    Raises:
        KwsError: the process failed.
    """
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file, samples, RATE, "PCM_16", format="WAV")
        file.flush()
        command = [sys.executable, "-m", "kws.cli.measured_replay"]
        command += ["--json", "--model", str(model), file.name]
        began = time.monotonic()
        process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise KwsError(f"`kws replay` cannot be measured: {process.stderr.strip()}")
    figures = json.loads(process.stdout.splitlines()[-1])
    return Footprint(
        cpu=round(figures["cpu"], 4),
        wall=round(figures["monotonic"] - began, 4),
        resident=figures["VmRSS"],
        anonymous=figures["RssAnon"],
    )
