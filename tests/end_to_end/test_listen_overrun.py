"""A daemon whose analysis is late loses a counted number of samples."""

from pathlib import Path

import pytest

from kws.audio.feed import SECONDS
from kws.audio.supervisor import MicrophoneSource
from kws.daemon.faults import Faults
from kws.daemon.hearing import Hearing
from kws.daemon.inference import InferenceLoop
from kws.errors import KwsError
from kws.events.messages import DetectionEvent, HeartbeatEvent
from kws.events.server.publisher import EventPublisher
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.listener import Hearer, wait_for
from tests.support.pulse import PulseServer

pytestmark = pytest.mark.microphone


def test_a_reader_that_stalls_loses_a_counted_number_of_samples(
    pulse: PulseServer, tiny_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The inference thread is held until the ring has run over; a subscriber is told."""
    for name, value in pulse.environment.items():
        monkeypatch.setenv(name, value)
    heard: list[DetectionEvent] = []
    source = MicrophoneSource()
    publisher = EventPublisher(f"ipc://{tmp_path}/events")
    faults = Faults(publisher.publish)
    hearing = Hearing(Spotter(tiny_model), publisher, faults, heard.append)
    loop = InferenceLoop(source, hearing, publisher.publish, faults)
    publisher.start(lambda: HeartbeatEvent(state="listening", uptime=0.0, samples=0))
    hearer = Hearer(publisher.events)
    source.start()
    loop.start()
    try:
        wait_for("the subscription", lambda: hearer.of(HeartbeatEvent))
        wait_for("samples", lambda: hearing.position > 16000)
        feed = source._microphone.feed  # type: ignore[union-attr]
        full = feed.written + (SECONDS + 2) * 16000

        def stall() -> None:
            wait_for("the overrun", lambda: feed.written > full)

        with pytest.raises(KwsError, match="too busy"):
            loop.perform(stall)
        wait_for("the fault", lambda: "overrun" in hearer.errors())
        assert hearing.overruns == 1
        wait_for("the reader to catch up", lambda: source.backlog < 0.5)
        # Everything is accounted for, but what has not been read yet.
        position, written = hearing.position, feed.written
        assert 0 <= written - position <= 16000
        assert hearing.spotter.stream.resets["overrun"] == 1
    finally:
        source.stop()
        loop.stop()
        hearer.close()
        publisher.stop()
