"""The figures of the heartbeat."""

import numpy as np
import pytest

from kws.audio.source import SourceStatus
from kws.daemon.meter import Meter
from tests.support.ears import Bench
from tests.support.listener import wait_for

TONE = np.sqrt(0.02) * np.sin(np.arange(32000) * 0.1)
"""At -20 dBFS."""


def test_there_is_no_level_of_what_is_not_heard(bench: Bench) -> None:
    meter = Meter(bench.loop, bench.source)
    assert meter.heartbeat().level_dbfs == -120
    bench.play(TONE)
    assert meter.heartbeat().level_dbfs == pytest.approx(-20, abs=0.1)
    bench.perform(lambda: bench.loop.mute("user"))
    wait_for("the mute", lambda: bench.states()[-1] == "muted")
    assert meter.heartbeat().level_dbfs == -120
    bench.perform(lambda: bench.loop.unmute("user"))
    bench.play(TONE)
    assert meter.heartbeat().level_dbfs == pytest.approx(-20, abs=0.1)
    bench.source.status = SourceStatus("lost", reason="unplugged")
    wait_for("the loss", lambda: bench.states()[-1] == "device_lost")
    assert meter.heartbeat().level_dbfs == -120
