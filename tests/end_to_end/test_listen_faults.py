"""`kws listen` as a process: full disks, rivals, lazy subscribers, samples that are none."""

import os
import resource
import signal
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import zmq

from kws.events.messages import HeartbeatEvent
from tests.support.listener import DEADLINE, KWS, Listener, Start, feed, replayed, wait_for


def test_a_second_daemon_is_refused_and_the_first_not_disturbed(
    listen: Start, tmp_path: Path, tiny_model_folder: Path
) -> None:
    first = listen("--source", "-", stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: first.hearer.of(HeartbeatEvent))
    second = subprocess.run(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder), "--source", "-"),
            *("--events", first.events, "--control", first.control),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
    )
    assert second.returncode == 8
    lines = second.stderr.decode().splitlines()
    assert len(lines) == 1
    assert f"pid {first.process.pid}" in lines[0]
    count = len(first.hearer.of(HeartbeatEvent))
    wait_for("more heartbeats", lambda: len(first.hearer.of(HeartbeatEvent)) > count)
    assert first.ask("ping")["reply"] == "pong"


def test_a_subscriber_that_never_reads_blocks_nobody(
    listen: Start, recording: Path, tiny_model_folder: Path
) -> None:
    """Full speed, with all posteriors going to somebody who takes none."""
    daemon = listen("--source", "-", "--no-pace", stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    lazy = context.socket(zmq.SUB)
    lazy.rcvhwm = 1
    lazy.subscribe("")
    lazy.connect(daemon.events)
    assert lazy.poll(int(1000 * DEADLINE))
    feed(daemon, recording)

    def far() -> bool:
        return daemon.hearer.of(HeartbeatEvent)[-1].samples > 120 * 16000

    wait_for("two minutes of audio", far)
    numbers: dict[str, int] = {}
    for event in daemon.hearer.detections():
        assert event.seq == numbers.get(event.topic, 0) + 1
        numbers[event.topic] = event.seq
    assert sum(numbers.values()) > 50
    context.destroy(linger=0)
    assert daemon.stop(signal.SIGTERM) == 0


def mount_tiny(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


def allow_no_large_file() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_a_full_disk_costs_recordings_only(
    listen: Start, recording: Path, tmp_path: Path, tiny_model_folder: Path
) -> None:
    """A file system of 16 kB; who may not mount one gets a limit of 8 kB for every file."""
    kept = tmp_path / "kept"
    kept.mkdir()
    mounted = mount_tiny(kept)
    try:
        daemon = listen(
            *("--source", recording, "--save-triggers", kept),
            before_exec=None if mounted else allow_no_large_file,
        )
        assert daemon.process.wait(DEADLINE) == 0
        daemon.wait_state("stopped")
        assert "save_failed" in daemon.hearer.errors()
        reason = "No space left" if mounted else "File too large"
        assert any(reason in line for line in daemon.log)
        # The subscription may have missed the very first.
        assert len(daemon.hearer.detections()) >= len(replayed(recording, tiny_model_folder)) - 2
        assert not list(kept.glob("*.part"))
    finally:
        if mounted:
            subprocess.run(["umount", str(kept)], check=True)


def test_samples_that_are_no_numbers(listen: Start, tmp_path: Path, noise: np.ndarray) -> None:
    samples = noise.copy()
    samples[50000:50100] = np.nan
    samples[50200] = np.inf
    path = tmp_path / "nan.wav"
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    daemon = listen("--source", path)
    assert daemon.process.wait(DEADLINE) == 0
    daemon.wait_state("stopped")
    assert "nonfinite" in daemon.hearer.errors()
    assert any("NaN" in line for line in daemon.log)
    assert any(event.fired > 60000 for event in daemon.hearer.detections())


def test_without_portaudio_the_package_to_install_is_named(
    tmp_path: Path, tiny_model_folder: Path
) -> None:
    """The loader does not find the library, as on a machine without it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes.util\n"
        "find = ctypes.util.find_library\n"
        "ctypes.util.find_library = lambda name: None if name == 'portaudio' else find(name)\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with Listener(
        tmp_path, "--model", tiny_model_folder, environment={"PYTHONPATH": path}
    ) as daemon:
        assert daemon.process.wait(DEADLINE) == 6
        assert "apt install libportaudio2" in daemon.wait_log("kws: ")
