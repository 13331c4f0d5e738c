"""`kws listen` as a process, and what ends it or makes it read its settings again."""

import fcntl
import os
import signal
import socket
import subprocess
import termios
from pathlib import Path

import pytest

from kws.events.messages import HeartbeatEvent
from tests.support.listener import DEADLINE, KWS, Start, feed, wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(listen: Start, tmp_path: Path, number: signal.Signals) -> None:
    """With all threads that there can be: none of them may take the signal."""
    kept = tmp_path / "kept"
    daemon = listen("--source", "-", "--save-triggers", kept, stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    assert daemon.stop(number) == 0
    daemon.wait_state("stopped")
    assert number.name in daemon.log[-1]


def test_a_reload_by_signal_keeps_the_stream(
    listen: Start, recording: Path, tmp_path: Path
) -> None:
    config = tmp_path / "kws.toml"
    config.write_text('words = ["yes"]\n')
    daemon = listen("--config", config, "--source", "-", stdin=subprocess.PIPE)
    feed(daemon, recording)
    hearer = daemon.hearer
    wait_for("a yes", hearer.detections)
    config.write_text('words = ["no"]\ndevice = "other"\n')
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_log("reloaded")
    wait_for("a no", lambda: any(x.keyword == "no" for x in hearer.detections()))
    assert "the new device takes effect after a restart" in daemon.wait_log("device")
    words = [x.keyword for x in hearer.detections()]
    assert set(words) == {"yes", "no"}
    assert words == sorted(words, reverse=True), "yes before, no after"
    fired = [x.fired for x in hearer.detections()]
    assert fired == sorted(fired)
    assert hearer.states().count("starting") <= 1
    assert daemon.stop(signal.SIGTERM) == 0


def test_a_bad_reload_changes_nothing(listen: Start, recording: Path, tmp_path: Path) -> None:
    config = tmp_path / "kws.toml"
    config.write_text('words = ["yes"]\n')
    daemon = listen("--config", config, "--source", "-", stdin=subprocess.PIPE)
    feed(daemon, recording)
    wait_for("a yes", daemon.hearer.detections)
    for text in ('wrods = ["no"]', 'words = ["maybe"]', "threshold = 3"):
        config.write_text(text)
        before = len(daemon.hearer.errors())
        assert daemon.ask("reload")["reply"] == "error"

        def has_come(before: int = before) -> bool:
            return len(daemon.hearer.errors()) > before

        wait_for("the event", has_come)
    assert set(daemon.hearer.errors()) == {"reload_failed"}
    count = len(daemon.hearer.detections())
    wait_for("more", lambda: len(daemon.hearer.detections()) > count + 3)
    assert {x.keyword for x in daemon.hearer.detections()} == {"yes"}
    assert daemon.stop(signal.SIGTERM) == 0


def test_after_sigkill_another_can_start_on_the_same_endpoint(
    listen: Start, recording: Path
) -> None:
    first = listen("--source", "-", stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: first.hearer.of(HeartbeatEvent))
    first.process.kill()
    first.process.wait()
    second = listen("--source", "-", stdin=subprocess.PIPE)
    boot = first.hearer.events[0].boot
    wait_for("the second on the old subscription", lambda: first.hearer.events[-1].boot != boot)
    assert second.ask("ping")["boot"] == first.hearer.events[-1].boot


def test_systemd_is_told(listen: Start, recording: Path, tmp_path: Path) -> None:
    """READY with the sockets bound and no microphone there, WATCHDOG, RELOADING, STOPPING."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(DEADLINE)
        daemon = listen(
            *("--device", "a microphone that nobody has"),
            environment={
                "NOTIFY_SOCKET": str(tmp_path / "notify"),
                "WATCHDOG_USEC": "2000000",
            },
        )

        def receive(text: str) -> str:
            while text not in (message := systemd.recv(1000).decode()):
                pass
            return message

        assert systemd.recv(1000) == b"READY=1"
        assert daemon.ask("ping")["reply"] == "pong"
        receive("STATUS=device_lost")
        receive("WATCHDOG=1")
        receive("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in receive("RELOADING=1")
        receive("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        receive("STOPPING=1")
        assert daemon.process.wait(DEADLINE) == 0


def test_a_closed_terminal_ends_it(tmp_path: Path, tiny_model_folder: Path) -> None:
    """Although its signal is that of a reload."""
    terminal, device = os.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(device, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder), "--source", "-"),
            *("--events", f"ipc://{tmp_path}/e", "--control", f"ipc://{tmp_path}/c"),
        ],
        stdin=subprocess.PIPE,
        stdout=device,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(device)
    assert process.stderr is not None
    assert b"events at" in process.stderr.readline()
    os.close(terminal)
    assert process.wait(DEADLINE) == 0
    assert b"the terminal was closed" in process.stderr.read()
