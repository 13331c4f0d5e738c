"""What `kws replay` costs: processor time, memory and start-up of the real program.

    python -m benchmarks.replay_cost RECORDING... [-- OPTIONS OF KWS REPLAY]

For example ``python -m benchmarks.replay_cost examples/recording/commands.flac``.  Each recording
is replayed alone, in a process of its own.  Linux only: the figures are read from /proc.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

KWS = Path(sys.executable).with_name("kws")
POLL_SECONDS = 0.005
SHORT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of the program."""

    cpu_seconds: float
    peak_mib: float
    """Largest resident set (VmHWM)."""
    first_line_seconds: float | None
    """From the start of the process to the first detection: a bound for the first block."""


def main() -> None:
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    recordings, options = arguments[:split], arguments[split + 1 :]
    if not recordings or recordings[0] in ("-h", "--help"):
        sys.exit(__doc__)
    start_up = measure_start_up(options)
    print(f"start-up: {start_up.cpu_seconds:.2f} s of CPU, {start_up.peak_mib:.0f} MiB")
    for recording in recordings:
        seconds = soundfile.info(recording).duration
        cost = measure(recording, options)
        share = 100 * cost.cpu_seconds / seconds
        marginal = 100 * (cost.cpu_seconds - start_up.cpu_seconds) / seconds
        first = cost.first_line_seconds
        print(
            f"{recording}: {seconds:.1f} s of sound, {cost.cpu_seconds:.2f} s of CPU "
            f"({share:.2f} % of one core, {marginal:.2f} % without the start-up), "
            f"peak {cost.peak_mib:.0f} MiB, "
            + (f"first detection after {first:.2f} s" if first else "no detection")
        )


def measure_start_up(options: list[str]) -> Cost:
    """The cost of a recording that is over at once."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, np.zeros(round(SHORT_SECONDS * 16000)), 16000)
        return measure(file.name, options)


def measure(recording: str, options: list[str]) -> Cost:
    """Replay `recording` with ``--json`` and watch the process."""
    began = time.monotonic()
    process = subprocess.Popen(
        [KWS, "replay", "--json", *options, recording], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    folder = Path("/proc") / str(process.pid)
    first_line = None
    peak = 0.0
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    while os.waitid(os.P_PID, process.pid, flags) is None:
        peak = max(peak, _peak_mib(folder))
        if process.stdout.read() and first_line is None:
            first_line = time.monotonic() - began
        time.sleep(POLL_SECONDS)
    # The process has ended but is not reaped: its processor time can still be read.
    cpu = _cpu_seconds(folder)
    if process.wait() != 0:
        sys.exit(f"kws replay {recording} failed")
    return Cost(cpu, peak, first_line)


def _peak_mib(process: Path) -> float:
    for line in (process / "status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu_seconds(process: Path) -> float:
    # The name of the program, in parentheses, may itself hold spaces.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
