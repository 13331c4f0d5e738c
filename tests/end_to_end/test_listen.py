"""`kws listen` as a process: recordings, pipes, control, signals, faults; no microphone needed."""

import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import zmq
from listener import DEADLINE, KWS, Hearer, Listener, wait_for

from kws.events.messages import HeartbeatEvent


@pytest.fixture
def recording(tmp_path: Path, noise: np.ndarray) -> Path:
    """Eight seconds on which the tiny model fires."""
    soundfile.write(tmp_path / "noise.wav", noise, 16000, subtype="PCM_16")
    return tmp_path / "noise.wav"


Start = Callable[..., Listener]


@pytest.fixture
def listen(tmp_path: Path, tiny_model_folder: Path) -> Iterator[Start]:
    """Starts daemons with the tiny model and ends them after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(
            Listener(tmp_path, "--model", tiny_model_folder, *arguments, **options)
        )


def replayed(recording: Path, model: Path) -> list[tuple[str, int, float]]:
    result = subprocess.run(
        [KWS, "replay", "--json", "--model", str(model), str(recording)],
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    lines = map(json.loads, result.stdout.splitlines())
    return [(line["keyword"], line["fired"], line["score"]) for line in lines]


def test_a_recording_gives_what_replay_gives(
    listen: Start, recording: Path, tiny_model_folder: Path
) -> None:
    daemon = listen("--source", recording)
    daemon.wait_state("stopped")
    assert daemon.process.wait(DEADLINE) == 0
    expected = replayed(recording, tiny_model_folder)
    found = daemon.hearer.detections()
    assert [(x.keyword, x.fired, x.score) for x in found[-10:]] == expected[-10:]
    assert all(x.time is not None and x.lag_ms is not None for x in found)
    assert daemon.log[-1].endswith("stopped: the recording has ended")
    assert sum("heard" in line for line in daemon.log) == len(expected)


def test_raw_samples_on_stdin(listen: Start, tiny_model_folder: Path, recording: Path) -> None:
    """In pieces that cut samples in half, as a pipe may."""
    daemon = listen("--source", "-", stdin=subprocess.PIPE)
    daemon.wait_log("events at")
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    samples, _ = soundfile.read(recording, dtype="int16")
    data = samples.tobytes()
    assert daemon.process.stdin is not None
    for start in range(0, len(data), 9973):
        daemon.process.stdin.write(data[start : start + 9973])
    daemon.process.stdin.close()
    assert daemon.process.wait(DEADLINE) == 0
    daemon.wait_state("stopped")
    found = [(x.keyword, x.fired, x.score) for x in daemon.hearer.detections()]
    assert found == replayed(recording, tiny_model_folder)


def test_control(listen: Start, recording: Path, tmp_path: Path) -> None:
    daemon = listen("--source", "-", stdin=subprocess.PIPE)
    feed(daemon, recording)
    daemon.wait_state("listening")
    description = daemon.ask("describe")
    assert description["pid"] == daemon.process.pid
    assert description["model"]["name"] == "tiny"
    assert {word["word"] for word in description["keywords"]} == {"yes", "no", "stop"}
    assert daemon.ask("mute", reason="tts") == {
        "reply": "muting", "muted": True, "reasons": ["tts"]
    }  # fmt: skip
    after = daemon.wait_state("muted")
    assert daemon.ask("unmute", reason="tts")["muted"] is False
    daemon.wait_state("listening", after=after)
    assert daemon.ask("reset")["reply"] == "reset_done"
    reply = daemon.ask("set_threshold", keyword="yes", threshold=0.9, save=True)
    assert reply["saved"] == str(tmp_path / "kws" / "thresholds.json")
    assert json.loads(Path(reply["saved"]).read_text()) == {"yes": 0.9}
    assert {"word": "yes", "threshold": 0.9} in daemon.ask("describe")["keywords"]
    refusal = daemon.ask("set_threshold", keyword="maybe", threshold=0.9)
    assert refusal["code"] == "ConfigError"
    assert daemon.ask("reload")["model"]["name"] == "tiny"
    assert daemon.ask("ping")["reply"] == "pong"
    assert daemon.stop(signal.SIGTERM) == 0


def feed(daemon: Listener, recording: Path) -> threading.Thread:
    """Play a recording over and over into the daemon's stdin."""
    samples, _ = soundfile.read(recording, dtype="int16")

    def play() -> None:
        assert daemon.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            while True:
                daemon.process.stdin.write(samples.tobytes())

    thread = threading.Thread(target=play, daemon=True)
    thread.start()
    return thread


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
        wait_for("the event", lambda n=before: len(daemon.hearer.errors()) > n)
    assert set(daemon.hearer.errors()) == {"reload_failed"}
    count = len(daemon.hearer.detections())
    wait_for("more", lambda: len(daemon.hearer.detections()) > count + 3)
    assert {x.keyword for x in daemon.hearer.detections()} == {"yes"}
    assert daemon.stop(signal.SIGTERM) == 0


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
    assert lazy.poll(1000 * DEADLINE)
    feed(daemon, recording)

    def far() -> bool:
        return daemon.hearer.of(HeartbeatEvent)[-1].samples > 120 * 16000

    wait_for("two minutes of audio", far)
    numbers = {}
    for event in daemon.hearer.detections():
        assert event.seq == numbers.get(event.topic, 0) + 1
        numbers[event.topic] = event.seq
    assert sum(numbers.values()) > 50
    context.destroy(linger=0)
    assert daemon.stop(signal.SIGTERM) == 0


def mount_tiny(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
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


def test_triggers_are_kept(listen: Start, recording: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    daemon = listen("--source", recording, "--no-pace", "--save-triggers", kept)
    assert daemon.process.wait(DEADLINE) == 0
    files = list(kept.glob("*.trigger.flac"))
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert kept.stat().st_mode & 0o777 == 0o700


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


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--source", "/nowhere.wav"], 3, "No such file"),
        (["--model", "/nowhere"], 4, "no model folder"),
        (["--words", "maybe"], 7, "does not listen for 'maybe'"),
        (["--threshold", "2"], 7, "between 0 and 1"),
        (["--config", "/nowhere.toml"], 7, "No such file"),
        (["--events", "ipc:///nowhere/at/all"], 8, "/nowhere/at"),
        (["--events", "tcp://0.0.0.0:5555"], 8, "kws keygen"),
        (["--save-triggers", "/proc/kept"], 13, "cannot make"),
    ],
)
def test_what_cannot_be_is_one_line_and_an_exit_code(
    listen: Start, recording: Path, arguments: list[str], code: int, text: str
) -> None:
    daemon = listen("--source", recording, *arguments)
    assert daemon.process.wait(DEADLINE) == code
    last = daemon.wait_log("kws: ")
    assert text in last
    assert not any("Traceback" in line for line in daemon.log)


def test_show_config_shows_all_layers(tmp_path: Path) -> None:
    config = tmp_path / "some.toml"
    config.write_text('channel = 2\nwords = ["yes"]\n[thresholds]\nno = 0.7\n')
    result = subprocess.run(
        [KWS, "listen", "--show-config", "--config", str(config), "--device", "usb"],
        env={**os.environ, "KWS_CHANNEL": "3", "KWS_THRESHOLD": "yes=0.6", "XDG_STATE_HOME": "/x"},
        capture_output=True,
        timeout=DEADLINE,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    for line in (
        *('device = "usb"', "channel = 3", 'words = ["yes"]', "# model is not set"),
        'thresholds = { "no" = 0.7, "yes" = 0.6 }',
    ):
        assert line in lines


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


def test_on_a_terminal_detections_are_lines(
    tmp_path: Path, recording: Path, tiny_model_folder: Path
) -> None:
    terminal, device = os.openpty()
    process = subprocess.Popen(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder)),
            *("--source", str(recording), "--no-pace"),
            *("--events", f"ipc://{tmp_path}/e", "--control", f"ipc://{tmp_path}/c"),
        ],
        stdout=device,
        stderr=subprocess.PIPE,
    )
    os.close(device)
    text = b""
    with contextlib.suppress(OSError):  # the terminal is gone when the process is
        while data := os.read(terminal, 4096):
            text += data
    os.close(terminal)
    assert process.stderr is not None
    log = process.stderr.read().decode()
    assert process.wait(DEADLINE) == 0
    lines = text.decode().splitlines()
    assert len(lines) == len(replayed(recording, tiny_model_folder))
    assert {line.split()[2] for line in lines} <= {"yes", "no", "stop"}
    assert "heard" not in log


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


def test_a_late_hearer_gets_heartbeats(listen: Start) -> None:
    daemon = listen("--source", "-", stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    late = Hearer(daemon.events)
    try:
        beat = wait_for("a heartbeat", lambda: late.of(HeartbeatEvent))[0]
        assert beat.rss > 10_000_000
        assert beat.state in ("starting", "listening")
    finally:
        late.close()
