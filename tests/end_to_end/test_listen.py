"""`kws listen` as a process: recordings, pipes, control, settings; no microphone needed."""

import json
import os
import platform
import re
import signal
import subprocess
from pathlib import Path

import pytest
import soundfile

from kws.events.messages import HeartbeatEvent
from tests.support.listener import DEADLINE, KWS, Hearer, Start, feed, replayed, wait_for


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
        "reply": "muting", "muted": True, "reasons": ["tts"], "until": None
    }  # fmt: skip
    after = daemon.wait_state("muted")
    assert daemon.ask("unmute", reason="tts")["muted"] is False
    daemon.wait_state("listening", after=after)
    assert daemon.ask("mute", reason="tts", seconds=2)["until"] is not None
    wait_for(
        "the end of the mute",
        lambda: daemon.ask("snapshot")["state"]["reason"] == "time limit reached: tts",
    )
    assert daemon.ask("reset")["reply"] == "reset_done"
    reply = daemon.ask("set_threshold", keyword="yes", threshold=0.9, save=True)
    assert reply["saved"] == str(tmp_path / "kws" / "thresholds.json")
    assert json.loads(Path(reply["saved"]).read_text()) == {"yes": 0.9}
    assert {"word": "yes", "threshold": 0.9} in daemon.ask("describe")["keywords"]
    refusal = daemon.ask("set_threshold", keyword="maybe", threshold=0.9)
    assert refusal["code"] == "ConfigError"
    daemon.ask("set_threshold", keyword="no", threshold=0.8)
    reloaded = daemon.ask("reload")
    assert reloaded["model"]["name"] == "tiny"
    assert {"word": "no", "threshold": 0.8} in reloaded["keywords"], "what was not saved, too"
    assert daemon.ask("ping")["reply"] == "pong"
    assert daemon.stop(signal.SIGTERM) == 0


def test_triggers_are_kept(listen: Start, recording: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    daemon = listen("--source", recording, "--no-pace", "--save-triggers", kept)
    assert daemon.process.wait(DEADLINE) == 0
    files = list(kept.glob("*.trigger.flac"))
    assert files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert kept.stat().st_mode & 0o777 == 0o700


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


@pytest.mark.parametrize("logged", [True, False])
def test_words_can_be_kept_out_of_the_log(
    listen: Start, recording: Path, tmp_path: Path, logged: bool
) -> None:
    config = tmp_path / "some.toml"
    config.write_text(f"log_words = {str(logged).lower()}\n")
    daemon = listen("--config", config, "--source", "-", stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    samples, _ = soundfile.read(recording, dtype="int16")
    assert daemon.process.stdin is not None
    daemon.process.stdin.write(samples.tobytes())
    daemon.process.stdin.close()
    assert daemon.process.wait(DEADLINE) == 0
    daemon.wait_log("stopped: ")
    assert daemon.hearer.detections()
    words = [line for line in daemon.log if re.search(r"\b(yes|no|stop)\b", line)]
    assert bool(words) == logged


@pytest.mark.parametrize(("flags", "source"), [(("--name", "kitchen"), "kitchen"), ((), None)])
def test_events_name_the_daemon(
    listen: Start, recording: Path, flags: tuple[str, ...], source: str | None
) -> None:
    daemon = listen("--source", "-", *flags, stdin=subprocess.PIPE)
    wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    feed(daemon, recording)
    wait_for("a detection", daemon.hearer.detections)
    assert {event.source for event in daemon.hearer.events} == {source or platform.node()}


def test_the_configuration_is_read_once(listen: Start, recording: Path) -> None:
    """It may come through a pipe, which is empty the second time."""
    daemon = listen("--config", "/dev/stdin", "--source", recording, stdin=subprocess.PIPE)
    assert daemon.process.stdin is not None
    daemon.process.stdin.write(b'name = "porch"\n')
    daemon.process.stdin.close()
    beats = wait_for("the first heartbeat", lambda: daemon.hearer.of(HeartbeatEvent))
    assert beats[0].source == "porch"


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
