"""What `kws.audio.source.Source` promises, asked of every source that there is."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.audio.playback import Playback
from kws.audio.source import Chunk, Source
from kws.audio.supervisor import MicrophoneSource
from kws.samples import RATE
from tests.support.ears import ScriptedSource
from tests.support.listener import wait_for
from tests.support.pulse import PulseServer, require_microphone

SECONDS = 1.5
SOUND = np.random.default_rng(1).uniform(-0.5, 0.5, round(SECONDS * RATE)).astype(np.float32)


@dataclass
class Candidate:
    """A source, and what brings it sound."""

    source: Source
    feed: Callable[[], None]
    """To be called once the source is started."""
    ends: bool
    """Whether it ends by itself."""


@pytest.fixture(params=["microphone", "file", "file without pace", "pipe", "stand-in"])
def candidate(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Candidate]:
    """Each source in turn; it is stopped in the end, and its threads must then be gone."""
    before = set(threading.enumerate())
    match request.param:
        case "microphone":
            require_microphone()
            with PulseServer(tmp_path) as pulse:
                for name, value in pulse.environment.items():
                    monkeypatch.setenv(name, value)
                source = MicrophoneSource()
                yield Candidate(source, lambda: None, ends=False)
                source.stop()
        case "file" | "file without pace":
            soundfile.write(tmp_path / "sound.wav", SOUND, RATE, subtype="FLOAT")
            playback = Playback(str(tmp_path / "sound.wav"), pace=request.param == "file")
            yield Candidate(playback, lambda: None, ends=True)
            playback.stop()
        case "pipe":
            os.mkfifo(tmp_path / "pipe")
            piped = Playback(str(tmp_path / "pipe"))
            writer = threading.Thread(target=_write, args=(tmp_path / "pipe",), daemon=True)
            yield Candidate(piped, writer.start, ends=True)
            if writer.ident is None:
                _open_for_a_moment(tmp_path / "pipe")
            piped.stop()
            writer.join() if writer.ident is not None else None
        case _:
            scripted = ScriptedSource()
            yield Candidate(scripted, lambda: scripted.play(SOUND), ends=False)
            scripted.stop()
    wait_for("the threads to end", lambda: set(threading.enumerate()) <= before)


def _write(path: Path) -> None:
    with path.open("wb") as pipe:
        pipe.write((SOUND * 32767).astype("<i2").tobytes())


def _open_for_a_moment(path: Path) -> None:
    """Nobody wrote: release the reader that waits for somebody, if it does."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return


def listen(candidate: Candidate, seconds: float = SECONDS) -> list[Chunk]:
    """What it gives, until there was so much sound."""
    chunks: list[Chunk] = []

    def enough() -> bool:
        chunk = candidate.source.read(0.05)
        if chunk is not None:
            chunks.append(chunk)
        return sum(len(chunk.samples) for chunk in chunks) >= round(seconds * RATE)

    wait_for("the sound", enough)
    return chunks


def test_before_it_is_started_it_gives_nothing(candidate: Candidate) -> None:
    assert candidate.source.status.state == "opening"
    assert candidate.source.read(0.05) is None
    assert candidate.source.backlog == 0


def test_chunks_are_sound_at_16_khz_in_order(candidate: Candidate) -> None:
    candidate.source.start()
    candidate.feed()
    stream = 0
    for chunk in listen(candidate):
        assert chunk.samples.dtype == np.float32
        assert chunk.samples.ndim == 1
        assert len(chunk.samples) <= RATE
        assert np.isfinite(chunk.samples).all()
        assert chunk.stream >= stream
        stream = chunk.stream
    assert candidate.source.status.state in ("open", "ended")
    assert candidate.source.stuck_for == 0
    assert candidate.source.alive
    assert candidate.source.name


def test_times_are_those_of_the_past_or_none_at_all(candidate: Candidate) -> None:
    candidate.source.start()
    candidate.feed()
    for chunk in listen(candidate):
        assert (chunk.captured is None) == (
            candidate.source.clock == "none" or isinstance(candidate.source, ScriptedSource)
        )
        if chunk.captured is not None:
            assert chunk.captured <= time.monotonic()


def test_the_backlog_is_what_has_not_been_read(candidate: Candidate) -> None:
    candidate.source.start()
    candidate.feed()
    wait_for("a backlog", lambda: candidate.source.backlog > 0)
    listen(candidate)
    assert candidate.source.backlog >= 0
    if candidate.ends:
        wait_for("the end", lambda: candidate.source.read(0.05) is None)
        assert candidate.source.backlog == 0


def test_the_end_is_said_when_all_has_been_read(candidate: Candidate) -> None:
    if not candidate.ends:
        pytest.skip("it goes on for ever")
    candidate.source.start()
    candidate.feed()
    heard = 0
    while candidate.source.status.state not in ("ended", "failed"):
        chunk = candidate.source.read(1.0)
        heard += 0 if chunk is None else len(chunk.samples)
    assert candidate.source.status.state == "ended"
    assert heard == len(SOUND)
    assert candidate.source.read(0.05) is None
    assert candidate.source.status.state == "ended"


@pytest.mark.parametrize("started", [False, True])
def test_it_can_be_stopped_at_any_time_and_again(candidate: Candidate, started: bool) -> None:
    if started:
        candidate.source.start()
        candidate.feed()
        listen(candidate, 0.1)
    candidate.source.stop()
    candidate.source.stop()


def test_to_be_stopped_is_not_to_have_ended(candidate: Candidate) -> None:
    """Else the daemon, told to stop, would take what it has heard for a whole recording."""
    candidate.source.start()
    candidate.feed()
    heard = sum(len(chunk.samples) for chunk in listen(candidate, 0.1))
    candidate.source.stop()
    while (chunk := candidate.source.read(0.05)) is not None:
        heard += len(chunk.samples)
    if candidate.ends and heard == len(SOUND):
        return  # without pace it may have brought everything by then
    assert candidate.source.status.state == "open"
    wait_for("the thread to be known as gone", lambda: not candidate.source.alive)
