"""What the monitor makes of events, notices and answers."""

from kws.events.client.continuity import Notice
from kws.events.messages import ErrorEvent, HeartbeatEvent, StateEvent
from kws.events.requests import Snapshot
from kws.monitor.state import MonitorState
from tests.support.happenings import NOON, THRESHOLDS, description, detection, listening, row


def test_what_was_before_the_join_is_known_and_not_new() -> None:
    state = MonitorState()
    since = StateEvent(state="muted", reason="tts", device="USB", since=NOON)
    state.join(Snapshot(boot="b", state=since, detections=[detection("no", 50_000)], seqs={}))
    assert (state.state, state.why, state.device) == ("muted", "tts", "USB")
    assert [event.keyword for event in state.detections] == ["no"]
    assert not state.just_fired("no", at=1.0)


def test_a_detection_flashes_for_a_moment() -> None:
    state = MonitorState()
    state.take(detection("no", 50_000), at=5.0)
    assert state.just_fired("no", at=5.5)
    assert not state.just_fired("yes", at=5.5)
    assert not state.just_fired("no", at=7.0)


def test_thresholds_are_those_that_the_daemon_describes() -> None:
    state = MonitorState()
    state.take(row(640), 1.0)
    assert state.thresholds == dict.fromkeys(THRESHOLDS)
    state.take(detection("no", 50_000), 1.0)
    assert state.thresholds["no"] == 0.55, "better than nothing"
    state.describe(description())
    state.take(detection("no", 90_000), 2.0)
    assert state.thresholds == THRESHOLDS
    state.describe(description(no=0.9))
    assert state.thresholds["no"] == 0.9


def test_a_reload_with_other_words_shows_them() -> None:
    state = listening()
    event = row(200_000)
    other = {"go": 0.1, "yes": 0.2}
    state.take(type(event)(position=1, posteriors=other, scores=other, level_dbfs=-30.0), 11.0)
    assert state.thresholds == {"go": None, "yes": THRESHOLDS["yes"]}


def test_silence_counts_from_the_last_event() -> None:
    state = listening(at=10.0)
    state.heed(Notice("silent", "nothing is heard"), at=13.0)
    assert state.silent_since == 10.0
    assert state.remark is not None
    assert state.remark.text == "nothing is heard"
    state.heed(Notice("back", "the daemon is heard again"), at=20.0)
    assert state.silent_since is None


def test_another_start_begins_a_new_curve_and_keeps_the_detections() -> None:
    state = listening()
    state.heed(Notice("new_boot", "started anew"), at=11.0)
    assert state.heartbeat is None
    assert state.history.best("yes", 100) is None
    assert len(state.detections) == 1
    state.take(HeartbeatEvent(state="listening", uptime=1.0, samples=640), 11.0)
    state.take(row(640, yes=0.3), 11.0)
    assert state.history.best("yes", 100) == 0.3


def test_losses_add_up() -> None:
    state = MonitorState()
    for missed in (2, 3):
        state.heed(Notice("gap", f"{missed} messages lost", missed), at=1.0)
    assert state.lost == 5


def test_a_fault_is_the_remark_and_clipping_a_hint() -> None:
    state = MonitorState()
    state.take(ErrorEvent(code="clipping", detail="too loud", sent=NOON), at=5.0)
    assert state.remark == (NOON, "clipping: too loud")
    assert state.clipping(at=6.0)
    assert not state.clipping(at=60.0)
