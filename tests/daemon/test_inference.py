"""The inference loop: breaks in the audio, muting, reload, states."""

import itertools
import threading
import time
from functools import partial
from typing import Literal

import numpy as np
import pytest

from kws.audio.source import SourceStatus
from kws.daemon.meter import Meter
from kws.errors import ConfigError, KwsError
from kws.events.messages import StateEvent
from kws.events.requests import Muting
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.ears import Bench
from tests.support.listener import wait_for


def test_events_are_the_detections_of_the_spotter(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    bench.play(noise)
    expected = Spotter(tiny_model).feed(noise)
    found = bench.detections()
    assert [(x.keyword, x.start, x.end, x.fired, x.score) for x in found] == [
        (x.keyword, x.start, x.end, x.fired, round(x.score, 4)) for x in expected
    ]
    assert bench.heard == found
    assert not any(event.gap for event in found)
    assert {event.time for event in found} == {None}
    assert {event.lag_ms for event in found} == {None}
    assert bench.hearing.position == len(noise)
    assert bench.hearing.resets == 0


@pytest.mark.parametrize("end", ["ended", "failed"])
def test_the_end_of_a_recording_is_flushed(
    bench: Bench, tiny_model: Model, noise: np.ndarray, end: Literal["ended", "failed"]
) -> None:
    """Also of one that was cut off, as replay does."""
    spotter = Spotter(tiny_model)
    expected = spotter.feed(noise) + spotter.flush()
    bench.play(noise)
    bench.source.status = SourceStatus(end)
    wait_for("the end", lambda: bench.loop.finished)
    assert [event.fired for event in bench.detections()] == [x.fired for x in expected]


def test_where_nothing_was_heard_nothing_is_flushed(bench: Bench) -> None:
    bench.source.status = SourceStatus("failed")
    wait_for("the end", lambda: bench.loop.finished)
    assert bench.hearing.position == 0


def test_an_overrun_advances_the_position_and_starts_afresh(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    bench.play(noise[:20000])
    before = len(bench.detections())
    bench.play(noise[40000:], lost=20000)
    spotter = Spotter(tiny_model)
    spotter.stream.reset("expected", advance=40000)
    expected = spotter.feed(noise[40000:])
    after = bench.detections()[before:]
    assert [event.fired for event in after] == [x.fired for x in expected]
    assert bench.hearing.position == len(noise)
    assert (bench.hearing.overruns, bench.hearing.gaps) == (1, 1)
    assert bench.hearing.spotter.stream.resets == {"overrun": 1}
    assert bench.errors() == ["overrun"]
    assert after[0].gap
    assert not after[-1].gap


def test_a_gap_of_unknown_size_is_marked_without_a_reset(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    """Some drivers say so with every block: the daemon must go on hearing."""
    bench.play(noise[:3200])
    bench.play(noise[3200:], overflow=True)
    assert [event.fired for event in bench.detections()] == [
        x.fired for x in Spotter(tiny_model).feed(noise)
    ]
    assert bench.hearing.resets == 0
    assert bench.hearing.gaps == 1
    assert bench.errors() == ["gap"]
    before, behind, *_, last = bench.detections()
    assert before.fired < 3200 < behind.fired
    assert [before.gap, behind.gap, last.gap] == [False, True, False]


def test_a_reopened_device_is_a_new_stream(bench: Bench, noise: np.ndarray) -> None:
    bench.play(noise)
    bench.play(noise, stream=1)
    assert {event.stream for event in bench.detections()} == {0, 1}
    assert bench.hearing.spotter.stream.resets == {"device": 1}
    assert bench.hearing.position == 2 * len(noise)


def test_samples_that_are_no_numbers(bench: Bench, noise: np.ndarray) -> None:
    samples = noise.copy()
    samples[30000:30010] = np.nan
    bench.play(samples)
    assert bench.errors() == ["nonfinite"]
    assert bench.hearing.spotter.stream.nonfinite == 10
    assert bench.hearing.position == len(noise)
    assert any(event.fired > 32000 for event in bench.detections()), "deaf afterwards"


def test_mute_drops_audio_until_the_last_reason_is_withdrawn(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    loop = bench.loop
    assert bench.perform(lambda: loop.mute("tts")) == Muting(muted=True, reasons=["tts"])
    assert bench.perform(lambda: loop.mute("user")).reasons == ["tts", "user"]
    bench.play(noise)
    assert bench.detections() == []
    assert bench.hearing.position == len(noise)
    assert bench.perform(lambda: loop.unmute("tts")).reasons == ["user"]
    assert bench.perform(lambda: loop.unmute("never given")).reasons == ["user"]
    assert bench.perform(lambda: loop.unmute(None)) == Muting(muted=False, reasons=[])
    assert bench.hearing.position == len(noise)
    bench.play(noise)
    spotter = Spotter(tiny_model)
    spotter.stream.reset("expected", advance=len(noise))
    assert [event.fired for event in bench.detections()] == [x.fired for x in spotter.feed(noise)]
    wait_for("the states", lambda: bench.states()[-2:] == ["muted", "listening"])


def test_a_reload_goes_on_at_the_same_position(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    bench.play(noise)
    count = len(bench.detections())
    fresh = Spotter(tiny_model, words=["yes"])
    bench.perform(lambda: bench.hearing.replace_spotter(fresh))
    bench.play(noise)
    assert {event.keyword for event in bench.detections()[count:]} == {"yes"}
    assert bench.detections()[-1].fired > len(noise)
    assert bench.hearing.resets == 1


def test_what_is_performed_may_raise(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="does not listen for"):
        bench.perform(lambda: bench.hearing.spotter.stream.set_threshold("nope", 0.5))
    bench.loop.stop()
    with pytest.raises(KwsError, match="stopping"):
        bench.loop.perform(lambda: None)


def test_what_was_given_up_is_not_done_later(bench: Bench) -> None:
    release = threading.Event()
    with pytest.raises(KwsError, match="too busy"):
        bench.loop.perform(release.wait)  # is being done: cannot be taken back
    with pytest.raises(KwsError, match="too busy"):
        bench.loop.perform(lambda: bench.loop.mute("late"))
    release.set()
    assert bench.perform(lambda: bench.loop.mute("now")).reasons == ["now"]


def test_a_mute_with_a_limit_ends_by_itself(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    bench.play(noise[:3200])
    answer = bench.perform(lambda: bench.loop.mute("tts", 3600))
    assert (answer.muted, answer.reasons) == (True, ["tts"])
    wait_for("the mute", lambda: bench.states()[-1] == "muted")
    bench.perform(lambda: bench.loop.mute("tts", 1e-9))
    wait_for("the end of the mute", lambda: bench.states()[-1] == "listening")
    muted, listening = [event for event in bench.events if isinstance(event, StateEvent)][-2:]
    assert (muted.state, muted.reason, muted.until) == ("muted", "tts", answer.until)
    assert (listening.reason, listening.until) == ("time limit reached: tts", None)
    states = len(bench.states())
    bench.play(noise)
    assert len(bench.states()) == states
    assert len(bench.detections()) >= len(Spotter(tiny_model).feed(noise)) > 5


def test_after_a_limit_the_stream_goes_on_afresh(
    bench: Bench, tiny_model: Model, noise: np.ndarray
) -> None:
    bench.perform(lambda: bench.loop.mute("tts", 3600))
    bench.play(noise)
    assert (bench.detections(), bench.hearing.position) == ([], len(noise))
    bench.perform(lambda: bench.loop.mute("tts", 1e-9))
    bench.play(noise)
    spotter = Spotter(tiny_model)
    spotter.stream.reset("expected", advance=len(noise))
    assert [event.fired for event in bench.detections()] == [x.fired for x in spotter.feed(noise)]
    assert bench.hearing.spotter.stream.resets == {"unmute": 1}


def test_reasons_to_be_mute_are_bounded(bench: Bench) -> None:
    for number in range(32):
        bench.perform(partial(bench.loop.mute, f"reason {number}"))
    with pytest.raises(KwsError, match="32 reasons"):
        bench.perform(lambda: bench.loop.mute("one more"))
    assert len(bench.perform(lambda: bench.loop.mute("reason 0")).reasons) == 32


def test_the_position_never_goes_back(bench: Bench, noise: np.ndarray) -> None:
    """A heartbeat in the middle of an unmute."""
    meter = Meter(bench.loop, bench.source)
    bench.play(noise[:16000])
    bench.perform(lambda: bench.loop.mute("tts"))
    bench.play(noise[16000:32000])
    positions = [meter.heartbeat().samples]
    reset = bench.hearing.spotter.stream.reset

    def beat_before_and_after(reason: str, advance: int = 0) -> None:
        positions.append(meter.heartbeat().samples)
        reset(reason, advance)
        positions.append(meter.heartbeat().samples)

    bench.hearing.spotter.stream.reset = beat_before_and_after  # type: ignore[method-assign]
    bench.perform(lambda: bench.loop.unmute(None))
    assert positions == [32000, 32000, 32000]


def test_posteriors_only_for_subscribers(bench: Bench, noise: np.ndarray) -> None:
    bench.play(noise[:16000])
    assert bench.posteriors() == []
    bench.subscribed_to_posteriors = True
    bench.play(noise[16000:32000])
    rows = bench.posteriors()
    assert len(rows) == 25
    assert {row.position - before.position for before, row in itertools.pairwise(rows)} == {640}
    assert set(rows[0].posteriors) == {"_filler_", "yes", "no", "stop"}
    assert set(rows[0].scores) == {"yes", "no", "stop"}
    assert sum(rows[0].posteriors.values()) == pytest.approx(1, abs=1e-5)


def test_states_follow_the_source(bench: Bench) -> None:
    source = bench.source
    wait_for("listening", lambda: bench.states()[-1] == "listening")
    source.status = SourceStatus("lost", reason="unplugged")
    wait_for("device_lost", lambda: bench.states()[-1] == "device_lost")
    assert "device_lost" in bench.errors()
    source.stuck_for = 6.0
    wait_for("device_stuck", lambda: bench.states()[-1] == "device_stuck")
    source.stuck_for = 0.0
    source.status = SourceStatus("open", device="script")
    wait_for("listening again", lambda: bench.states()[-1] == "listening")
    assert bench.states() == [
        "starting", "listening", "device_lost", "device_stuck", "listening"
    ]  # fmt: skip
    assert bench.errors() == ["device_lost", "device_stuck"]


def test_times_come_from_the_capture_of_the_samples(bench: Bench, noise: np.ndarray) -> None:
    origin = time.monotonic() - len(noise) / 16000
    for start in range(0, len(noise), 320):
        end = start + 320
        bench.source.play(noise[start:end], captured=origin + end / 16000)
    bench.settle()
    first, last = bench.detections()[0], bench.detections()[-1]
    assert first.time is not None
    assert last.time is not None
    between = (last.time - first.time).total_seconds()
    assert between == pytest.approx((last.end - first.end) / 16000, abs=0.005)
    assert last.lag_ms is not None
    assert last.lag_ms >= 0


def test_levels_are_watched(bench: Bench) -> None:
    bench.play(np.zeros(16000 * 6))
    assert bench.errors() == ["muted_hint"]
