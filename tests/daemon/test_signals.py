"""Signals of the daemon."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

DEADLINE = 60
PROGRAM = """
from kws.daemon.signals import block_signals, wait_for_signal
block_signals()
print("ready", flush=True)
while (came := wait_for_signal(0.02)) is None:
    pass
print(came.name, flush=True)
"""


def wait_until_stopped(pid: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_process_that_was_stopped_and_goes_on_has_had_no_signal() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stdout.readline() == "ready\n"
        for _ in range(10):
            os.kill(it.pid, signal.SIGSTOP)
            wait_until_stopped(it.pid)
            time.sleep(0.04)  # longer than it wanted to wait
            os.kill(it.pid, signal.SIGCONT)
            time.sleep(0.01)
        os.kill(it.pid, signal.SIGHUP)
        assert it.stdout.read() == "SIGHUP\n"
        assert it.wait(DEADLINE) == 0
