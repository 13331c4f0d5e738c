"""CPU and memory of `kws listen` on a microphone at rest.

    python -m benchmarks.idle_cost [--model NAME|DIR] [--seconds N] [--device NAME] [--pulse]

Starts the daemon, lets it settle, and then reads /proc for N seconds; an MB is 10^6 bytes.
``--pulse`` records a silent null sink of a private PulseAudio (see tests/support/pulse.py), so that
no hardware is needed.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kws.benchmark.memory import memory
from tests.support.pulse import PulseServer

KWS = Path(sys.executable).with_name("kws")
SETTLE_SECONDS = 10


def thread_seconds(pid: int) -> dict[str, float]:
    """CPU time by thread so far, from the scheduler's own books."""
    times = {}
    for folder in Path(f"/proc/{pid}/task").iterdir():
        name = f"{(folder / 'comm').read_text().strip()} {folder.name}"
        times[name] = int((folder / "schedstat").read_text().split()[0]) / 1e9
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--device")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--pulse", action="store_true")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environment = dict(os.environ)
        if arguments.pulse:
            environment |= stack.enter_context(PulseServer(folder)).environment
        command = [str(KWS), "listen", "--events", f"ipc://{folder}/e"]
        command += ["--control", f"ipc://{folder}/c"]
        for flag in ("model", "device"):
            if getattr(arguments, flag):
                command += [f"--{flag}", getattr(arguments, flag)]
        daemon = subprocess.Popen(command, env=environment)
        stack.callback(daemon.wait)
        stack.callback(daemon.terminate)
        time.sleep(SETTLE_SECONDS)
        before, begin = thread_seconds(daemon.pid), time.monotonic()
        time.sleep(arguments.seconds)
        elapsed = time.monotonic() - begin
        after = thread_seconds(daemon.pid)
        shares = {name: (after[name] - before.get(name, 0)) / elapsed for name in after}
        print(f"CPU      {sum(shares.values()):7.2%} of one core over {elapsed:.0f} s")
        for name, share in shares.items():
            print(f"         {share:7.2%} {name}")
        for kind, megabytes in memory(daemon.pid).items():
            print(f"{kind:8} {megabytes:6.1f} MB")


if __name__ == "__main__":
    main()
