"""Draws docs/monitor.svg: what `kws monitor` shows of a daemon that plays the bundled recording.

python -m scripts.make_monitor_picture [--after SECONDS] [--select WORD] [--out FILE.svg]
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.screen import Screen

from kws.events.client.control_client import ControlClient
from kws.events.client.subscriber import Subscriber
from kws.events.requests import Describe, Description
from kws.monitor.loop import TOPICS
from kws.monitor.state import MonitorState
from kws.monitor.view import View

ROOT = Path(__file__).parents[1]
KWS = Path(sys.executable).with_name("kws")
RECORDING = "examples/recording/commands.flac"


def follow(state: MonitorState, events: str, control: str, seconds: float) -> None:
    """Feed `state` with what the daemon at these endpoints says for so long."""
    with Subscriber(TOPICS, events=events, control=control, wait=True) as subscriber:
        with ControlClient(control) as client:
            state.describe(client.ask(Describe(), Description))
        if subscriber.snapshot is not None:
            state.join(subscriber.snapshot)
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            event = subscriber.receive(end - now)
            if event is not None:
                state.take(event, time.monotonic())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--after", type=float, default=28.5)
    parser.add_argument("--select", default="up", help="word that is selected")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "monitor.svg")
    parser.add_argument("--columns", type=int, default=96)
    parser.add_argument("--rows", type=int, default=26)
    arguments = parser.parse_args()
    state = MonitorState()
    with tempfile.TemporaryDirectory() as folder:
        events, control = f"ipc://{folder}/e", f"ipc://{folder}/c"
        command = [str(KWS), "listen", "--source", RECORDING]
        daemon = subprocess.Popen(
            [*command, "--events", events, "--control", control],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        try:
            follow(state, events, control, arguments.after)
        finally:
            daemon.terminate()
            daemon.wait()
    state.selected = arguments.select
    size = {"width": arguments.columns, "height": arguments.rows}
    console = Console(record=True, file=io.StringIO(), force_terminal=True, **size)
    console.print(Screen(View(state, time.monotonic())))
    arguments.out.write_text(console.export_svg(title="kws monitor", unique_id="monitor"))


if __name__ == "__main__":
    main()
