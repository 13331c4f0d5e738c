"""The line of every kind of event."""

import time
from datetime import UTC, datetime

import msgspec
import pytest

from kws.cli.event_lines import event_line
from kws.events.messages import AnyEvent, ErrorEvent, PosteriorsEvent, StateEvent
from tests.support import stand_in

pytestmark = pytest.mark.usefixtures("paris")

MOMENT = datetime(2026, 11, 22, 20, 36, 0, 101_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            msgspec.structs.replace(stand_in.detection(2, "yes"), time=MOMENT),
            "21:36:00.101  yes           0.91   -23 dBFS  decided after 100 ms",
        ),
        (
            msgspec.structs.replace(stand_in.detection(2, "yes"), time=None),
            "      1.90 s  yes           0.91   -23 dBFS  decided after 100 ms",
        ),
        (
            StateEvent(state="muted", reason="tts", device="USB", since=MOMENT, sent=MOMENT),
            "21:36:00.101  state: muted (USB, tts)",
        ),
        (
            StateEvent(state="muted", reason="tts", since=MOMENT, until=MOMENT, sent=MOMENT),
            "21:36:00.101  state: muted (tts until Sun 21:36:00)",
        ),
        (StateEvent(state="stopped", since=MOMENT, sent=MOMENT), "21:36:00.101  state: stopped"),
        (
            msgspec.structs.replace(stand_in.heartbeat(), rss=55_390_208, sent=MOMENT),
            "21:36:00.101  heartbeat: listening, up 2 s, 0 gaps, 0.0 % of real time, 55 MB",
        ),
        (
            PosteriorsEvent(
                position=1,
                posteriors={},
                scores={"a": 0.1, "b": 0.9, "c": 0.5, "d": 0.2},
                level_dbfs=-3.0,
                sent=MOMENT,
            ),
            "21:36:00.101  scores: b 0.90, c 0.50, d 0.20",
        ),
        (
            ErrorEvent(code="overrun", detail="0.1 s lost", count=3, sent=MOMENT),
            "21:36:00.101  error: overrun: 0.1 s lost (3 so far)",
        ),
    ],
)
def test_line(event: AnyEvent, line: str) -> None:
    assert event_line(event) == line


def test_a_time_where_the_calendar_ends_is_shown_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    event = msgspec.structs.replace(stand_in.detection(1), time=datetime.min.replace(tzinfo=UTC))
    assert event_line(event).startswith("00:00:00.000  ")
