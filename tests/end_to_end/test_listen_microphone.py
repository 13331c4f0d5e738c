"""`kws listen` on a real PortAudio microphone, and everything that can happen to one."""

import contextlib
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from kws.events.messages import HeartbeatEvent
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.listener import DEADLINE, KWS, Listener, Start, patched, wait_for
from tests.support.pulse import PulseServer, require_microphone

pytestmark = pytest.mark.microphone

RECORDING = Path(__file__).parents[2] / "examples" / "recording" / "commands.flac"


@pytest.fixture
def listen(tmp_path: Path, pulse: PulseServer, tiny_model_folder: Path) -> Iterator[Start]:
    """Starts daemons on the microphone with the tiny model."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str | Path, **options: Any) -> Listener:
            return stack.enter_context(
                Listener(
                    tmp_path,
                    *("--model", tiny_model_folder, *arguments),
                    environment=pulse.environment,
                    **options,
                )
            )

        yield start


def hears(daemon: Listener, pulse: PulseServer, recording: Path) -> None:
    """The daemon detects something new when something is played."""
    before = len(daemon.hearer.detections())
    pulse.play(recording)
    wait_for("detections", lambda: len(daemon.hearer.detections()) > before + 3)


def clear_threshold(model: Model, samples: np.ndarray) -> float:
    """One that no word comes near, so that the way through a sound card decides nothing."""

    def words(threshold: float) -> list[str]:
        spotter = Spotter(model, thresholds=threshold)
        return [found.keyword for found in spotter.feed(samples) + spotter.flush()]

    for hundredths in range(35, 85, 5):
        found = words(hundredths / 100 - 0.08)
        if len(found) >= 4 and found == words(hundredths / 100 + 0.08):
            return hundredths / 100
    raise AssertionError("every threshold is near the score of some word")


@pytest.mark.parametrize("rate", [16000, 48000])
def test_the_same_keywords_as_replay(
    pulse: PulseServer, tmp_path: Path, shipped_model: Model, rate: int
) -> None:
    """Heard by a subscriber in a third process: the same words, in order, at the same distances.

    Also from a device that does not do 16 kHz, so that it is opened at a rate of its own.
    """
    excerpt = tmp_path / "excerpt.wav"
    samples, _ = soundfile.read(RECORDING, frames=17 * 16000, dtype="int16")
    soundfile.write(excerpt, samples, 16000)
    threshold = str(clear_threshold(shipped_model, samples / np.float32(32768)))
    replay = subprocess.run(
        [KWS, "replay", "--json", "--threshold", threshold, str(excerpt)],
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )
    expected = [json.loads(line) for line in replay.stdout.splitlines()]
    assert len(expected) >= 4
    program = patched(f"import kws.audio.microphone as module; module.RATE = {rate}")
    config = tmp_path / "kws" / "kws.toml"
    config.parent.mkdir()
    config.write_text(f"threshold = {threshold}\n")
    with Listener(tmp_path, environment=pulse.environment, program=program) as daemon:
        daemon.wait_state("listening")
        assert daemon.ask("describe")["device_rate"] == rate
        subscriber = subprocess.Popen(
            [
                *(KWS, "subscribe", "--json", "--topic", "kws/detection/"),
                *("--count", str(len(expected))),
                *("--events", daemon.events, "--control", daemon.control),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert subscriber.stderr is not None
        assert b"listening to" in subscriber.stderr.readline()
        pulse.play(excerpt)
        output, _ = subscriber.communicate(timeout=DEADLINE)
        assert daemon.stop(signal.SIGTERM) == 0
    heard = [json.loads(line) for line in output.splitlines()]
    assert [each["keyword"] for each in heard] == [each["keyword"] for each in expected]
    row = shipped_model.spec.row_samples
    offsets = [got["fired"] - wanted["fired"] for got, wanted in zip(heard, expected, strict=True)]
    shift = sorted(offsets)[len(offsets) // 2]
    for got, wanted in zip(heard, expected, strict=True):
        # The recording begins anywhere within a row, so that a slow climb of the score may cross
        # the threshold a row sooner or later.
        assert abs(got["fired"] - wanted["fired"] - shift) <= 2 * row, got["keyword"]
        # Edges are read from loudness, and those of a soft word jump: it stays within 0.2 s.
        middles = [(each["start"] + each["end"]) / 2 for each in (got, wanted)]
        assert abs(middles[0] - middles[1] - shift) < 3200, got["keyword"]
    assert all(each["gap"] is False and each["time"] is not None for each in heard)


def test_a_source_that_is_removed_and_put_back(
    listen: Start, pulse: PulseServer, recording: Path
) -> None:
    """The microphone that was asked for, never the other one that is there all the time."""
    pulse.load_sink("other")
    daemon = listen("--device", "mic_kws")
    after = daemon.wait_state("listening")
    hears(daemon, pulse, recording)
    pulse.unload()
    pulse.load_sink("other")
    after = daemon.wait_state("device_lost", after=after)
    assert "device_lost" in daemon.hearer.errors()
    daemon.wait_log("device_lost: 'mic_kws' is gone")
    wait_for("an attempt that fails", lambda: daemon.hearer.errors().count("device_lost") >= 2)
    assert daemon.ask("describe")["device"] is None
    pulse.load_sink("kws")
    daemon.wait_state("listening", after=after)
    assert daemon.ask("describe")["device"] == "mic_kws"
    hears(daemon, pulse, recording)
    last = daemon.hearer.detections()[-1]
    assert last.stream == 1


def test_a_server_that_stops_and_goes_on(
    listen: Start, pulse: PulseServer, recording: Path
) -> None:
    """Calls into PortAudio hang meanwhile: heartbeats go on, and so does everything afterwards."""
    daemon = listen()
    after = daemon.wait_state("listening")
    pulse.suspend()
    after = daemon.wait_state("device_lost", "device_stuck", after=after)
    assert "device_stuck" in daemon.hearer.errors()
    beats = len(daemon.hearer.of(HeartbeatEvent))
    wait_for("heartbeats", lambda: len(daemon.hearer.of(HeartbeatEvent)) > beats + 2)
    assert daemon.hearer.of(HeartbeatEvent)[-1].state == "device_stuck"
    assert daemon.ask("ping")["reply"] == "pong"
    pulse.resume()
    daemon.wait_state("listening", after=after)
    hears(daemon, pulse, recording)
    assert daemon.process.poll() is None


def test_a_server_that_never_goes_on_ends_the_daemon(
    pulse: PulseServer, tmp_path: Path, tiny_model_folder: Path
) -> None:
    """With an exit code of its own, for systemd to start it anew; patience cut down to 7 s."""
    program = patched("import kws.daemon.daemon as module; module.GIVE_UP_SECONDS = 7.0")
    with Listener(
        tmp_path, "--model", tiny_model_folder,
        environment=pulse.environment, program=program,
    ) as daemon:  # fmt: skip
        after = daemon.wait_state("listening")
        pulse.suspend()
        daemon.wait_state("device_stuck", "stopped", after=after)
        assert daemon.process.wait(DEADLINE) == 9
        assert "hanging" in daemon.wait_log("kws: ")
        pulse.resume()


def test_a_server_that_is_killed_and_started_again(
    listen: Start, pulse: PulseServer, recording: Path
) -> None:
    daemon = listen()
    after = daemon.wait_state("listening")
    pulse.kill()
    after = daemon.wait_state("device_lost", after=after)
    pulse.start()
    daemon.wait_state("listening", after=after)
    hears(daemon, pulse, recording)
    assert daemon.stop(signal.SIGTERM) == 0


def test_without_a_microphone_it_says_so_and_ends(listen: Start, pulse: PulseServer) -> None:
    pulse.unload()
    daemon = listen("--device", "mic_kws")
    assert daemon.process.wait(DEADLINE) == 5
    complaint = daemon.wait_log("kws: ")
    assert "mic_kws" in complaint
    assert [line for line in daemon.log if "events at" not in line] == [complaint]


def test_or_waits_for_one(listen: Start, pulse: PulseServer, recording: Path) -> None:
    pulse.unload()
    daemon = listen("--wait")
    after = daemon.wait_state("device_lost")
    pulse.load_sink("kws")
    daemon.wait_state("listening", after=after)
    hears(daemon, pulse, recording)


def test_one_channel_of_two_is_heard_alone(
    tmp_path: Path, noise: np.ndarray, tiny_model_folder: Path
) -> None:
    """The channels are in opposite phase: a mix of both would be silence."""
    require_microphone()
    (tmp_path / "pulse").mkdir()
    both = np.stack((noise, -noise), axis=1).astype("<f4").tobytes()
    with (
        PulseServer(tmp_path / "pulse", channels=2) as pulse,
        Listener(tmp_path, "--model", tiny_model_folder, environment=pulse.environment) as daemon,
    ):
        daemon.wait_state("listening")
        pulse.play_raw(both)

        def loud() -> bool:
            return any(beat.level_dbfs > -35 for beat in daemon.hearer.of(HeartbeatEvent))

        wait_for("sound", loud)


def test_samples_of_the_device_that_are_no_numbers(
    listen: Start, pulse: PulseServer, noise: np.ndarray, recording: Path
) -> None:
    """Through a sound server that carries floats from end to end."""
    pulse.unload()
    pulse.load_sink("kws", "float32le")
    daemon = listen()
    daemon.wait_state("listening")
    samples = noise.astype("<f4")
    samples[40000:40100] = np.nan
    pulse.play_raw(samples.tobytes())
    wait_for("the fault", lambda: "nonfinite" in daemon.hearer.errors())
    hears(daemon, pulse, recording)
    assert daemon.hearer.of(HeartbeatEvent)[-1].resets >= 1
