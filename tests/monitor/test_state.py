"""What the monitor makes of events, notices and answers."""

from kws.events.client.continuity import Notice
from kws.events.messages import (
    DetectionEvent,
    ErrorEvent,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
)
from kws.events.requests import Snapshot
from kws.monitor.state import MonitorState
from tests.support.happenings import NOON, THRESHOLDS, description, detection, listening, row


def words(*scores: tuple[str, float]) -> PosteriorsEvent:
    """A row of a model with these words."""
    return PosteriorsEvent(
        position=1, posteriors=dict(scores), scores=dict(scores), level_dbfs=-30.0
    )


def test_what_was_before_the_join_is_known_and_not_new() -> None:
    state = MonitorState()
    since = StateEvent(state="muted", reason="tts", device="USB", since=NOON)
    state.join(Snapshot(boot="b", state=since, detections=[detection("no", 50_000)], seqs={}))
    assert (state.state, state.why, state.device) == ("muted", "tts", "USB")
    (entry,) = state.sound.heard
    assert isinstance(entry, DetectionEvent)
    assert entry.keyword == "no"
    assert not state.sound.just_fired("no", at=1.0)


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
    state.selected = "yes"
    state.take(words(("go", 0.1), ("yes", 0.2)), 11.0)
    assert state.thresholds == {"go": None, "yes": THRESHOLDS["yes"]}
    assert state.selected == "yes"
    state.take(words(("go", 0.1)), 11.0)
    assert state.selected is None


def test_a_threshold_is_unsaved_until_it_is_saved_or_somebody_else_changes_it() -> None:
    state = listening()
    state.set_threshold("yes", 0.7, saved=False)
    state.set_threshold("no", 0.3, saved=False)
    state.describe(description(yes=0.7, no=0.3))
    assert state.unsaved == {"yes", "no"}
    state.set_threshold("yes", 0.7, saved=True)
    assert state.unsaved == {"no"}
    state.describe(description(yes=0.7, no=0.4))
    assert not state.unsaved


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
    state.set_threshold("yes", 0.7, saved=False)
    state.heed(Notice("new_boot", "started anew"), at=11.0)
    assert state.heartbeat is None
    assert state.sound.history.best("yes", 100) is None
    assert len(state.sound.heard) == 1
    assert not state.unsaved, "it went with the daemon"
    state.take(HeartbeatEvent(state="listening", uptime=1.0, samples=640), 11.0)
    state.take(row(640, yes=0.3), 11.0)
    assert state.sound.history.best("yes", 100) == 0.3


def test_losses_add_up() -> None:
    state = MonitorState()
    for missed in (2, 3):
        state.heed(Notice("gap", f"{missed} messages lost", missed), at=1.0)
    assert state.lost == 5


def test_a_fault_is_the_remark_and_clipping_a_hint() -> None:
    state = MonitorState()
    state.take(ErrorEvent(code="clipping", detail="too loud", sent=NOON), at=5.0)
    assert state.remark is not None
    assert (state.remark.time, state.remark.text) == (NOON, "clipping: too loud")
    assert state.sound.clipping(at=6.0)
    assert not state.sound.clipping(at=60.0)
