"""What was heard: detections and near misses in order."""

from datetime import timedelta

from kws.events.messages import DetectionEvent, HeartbeatEvent, PosteriorsEvent
from kws.monitor.sound import NearMiss, Sound
from tests.support.happenings import NOON, THRESHOLDS, detection, row

Thresholds = dict[str, float | None]
IN_FORCE: Thresholds = dict(THRESHOLDS)


def played(sound: Sound, start: int, stop: int, **scores: float) -> None:
    """Rows with these scores, from one position to another, sent as they are heard."""
    for position in range(start, stop, 640):
        sent = NOON + timedelta(seconds=position / 16000)
        event = row(position, **scores)
        event = PosteriorsEvent(
            position=position,
            posteriors=event.posteriors,
            scores=event.scores,
            level_dbfs=event.level_dbfs,
            boot="b",
            sent=sent,
        )
        sound.add_row(event, IN_FORCE, at=position / 16000)


def entries(sound: Sound) -> list[tuple[str, str]]:
    """Kind and word of all that was heard, the oldest first."""
    return [
        ("fired", entry.keyword)
        if isinstance(entry, DetectionEvent)
        else (entry.peak.lack, entry.peak.word)
        for entry in sound.heard
    ]


def test_a_near_miss_has_the_time_of_its_peak() -> None:
    sound = Sound()
    played(sound, 0, 16_000, no=0.02)
    played(sound, 16_000, 16_640, no=0.4)
    played(sound, 16_640, 32_000, no=0.02)
    (entry,) = sound.heard
    assert isinstance(entry, NearMiss)
    assert entry.position == 16_000
    assert entry.time == NOON + timedelta(seconds=1)
    assert entry.peak.lack == "lacks 0.10"


def test_it_is_marked_in_the_curve_and_for_a_moment_beside_the_word() -> None:
    sound = Sound()
    played(sound, 0, 3_200, no=0.4)
    assert not sound.just_missed("no", at=0.2)
    played(sound, 3_200, 9_600, no=0.02)
    assert sound.just_missed("no", at=0.6)
    assert not sound.just_missed("yes", at=0.6)
    assert not sound.just_missed("no", at=9.0)
    assert [column.near for column in sound.history.latest(3)] == [{"no"}, set(), set()]


def test_what_was_heard_is_in_the_order_of_the_audio() -> None:
    sound = Sound()
    played(sound, 0, 3_200, no=0.4)
    # Fires before it is known that ``no`` did not.
    sound.add_detection(detection("yes", 4_000, boot="b"), at=0.25)
    played(sound, 3_200, 16_000)
    assert entries(sound) == [("lacks 0.10", "no"), ("fired", "yes")]


def test_another_start_comes_after_the_one_before() -> None:
    sound = Sound()
    sound.add_detection(detection("yes", 99_000_000, boot="a"), at=0.0)
    sound.restart()
    played(sound, 0, 3_200, no=0.4)
    played(sound, 3_200, 16_000)
    assert entries(sound) == [("fired", "yes"), ("lacks 0.10", "no")]


def test_a_mute_ends_a_near_miss() -> None:
    sound = Sound()
    played(sound, 0, 3_200, no=0.4)
    sound.advance(HeartbeatEvent(state="muted", uptime=1.0, samples=32_000), IN_FORCE, at=2.0)
    assert entries(sound) == [("lacks 0.10", "no")]


def test_without_a_clock_it_has_a_position_and_no_time() -> None:
    sound = Sound()
    sound.add_detection(detection("yes", 640, time=None), at=0.0)
    played(sound, 32_000, 32_640, no=0.4)
    played(sound, 32_640, 48_000)
    (entry,) = (entry for entry in sound.heard if isinstance(entry, NearMiss))
    assert (entry.position, entry.time) == (32_000, None)


def test_only_so_much_is_kept() -> None:
    sound = Sound()
    for number in range(300):
        sound.add_detection(detection("yes", 16_000 * number, id=str(number)), at=float(number))
    assert len(sound.heard) == 100
    assert isinstance(sound.heard[-1], DetectionEvent)
    assert sound.heard[-1].id == "299"


def test_a_detection_flashes_for_a_moment() -> None:
    sound = Sound()
    sound.add_detection(detection("no", 50_000), at=5.0)
    assert sound.just_fired("no", at=5.5)
    assert not sound.just_fired("yes", at=5.5)
    assert not sound.just_fired("no", at=7.5)
