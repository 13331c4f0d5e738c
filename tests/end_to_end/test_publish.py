"""`kws replay --publish` and a subscriber in another process."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.support.listener import KWS
from tests.support.stand_in import DEADLINE


@pytest.fixture
def recording(tmp_path: Path, noise: np.ndarray) -> Path:
    path = tmp_path / "noise.flac"
    soundfile.write(path, noise, 16000)
    return path


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_subscriber_hears_all_detections_of_a_replay(
    tmp_path: Path, recording: Path, tiny_model_folder: Path, transport: str
) -> None:
    endpoint = f"ipc://{tmp_path}/events" if transport == "ipc" else "tcp://127.0.0.1:*"
    command = [KWS, "replay", "--json", "--model", str(tiny_model_folder), "--publish", endpoint]
    with subprocess.Popen(
        [*command, str(recording), str(recording)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as replay:
        assert replay.stderr is not None
        found = replay.stderr.readline().rpartition("waiting for a subscriber at ")[2].strip()
        with subprocess.Popen(
            [KWS, "subscribe", "--json", "--events", found], stdout=subprocess.PIPE, text=True
        ) as subscriber:
            assert subscriber.stdout is not None
            events = [json.loads(subscriber.stdout.readline())]
            while events[-1].get("state") != "stopped":
                events.append(json.loads(subscriber.stdout.readline()))
            subscriber.terminate()
        printed, _ = replay.communicate(timeout=DEADLINE)
        assert replay.returncode == 0
    lines = [json.loads(line) for line in printed.splitlines()]
    heard = [event for event in events if event["type"] == "detection"]
    assert len(lines) > 4
    assert [
        (event["source"], event["keyword"], event["start"], event["end"], event["score"])
        for event in heard
    ] == [
        (line["file"], line["keyword"], line["start"], line["end"], line["score"]) for line in lines
    ]
    assert {(event["time"], event["lag_ms"]) for event in heard} == {(None, None)}
    assert [event["state"] for event in events if event["type"] == "state"] == [
        "listening",
        "stopped",
    ]


def test_publishing_to_the_world_is_refused(recording: Path, tiny_model_folder: Path) -> None:
    result = subprocess.run(
        [KWS, "replay", "--model", str(tiny_model_folder), "--publish", "tcp://*:5570", recording],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 8
    assert "can be reached from other machines" in result.stderr
