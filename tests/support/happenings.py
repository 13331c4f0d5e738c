"""Events of a made-up daemon with three words."""

from datetime import UTC, datetime
from typing import Any

from kws.events.messages import (
    DetectionEvent,
    HeartbeatEvent,
    ModelName,
    PosteriorsEvent,
    StateEvent,
)
from kws.events.requests import Description, KeywordStatus
from kws.monitor.state import MonitorState

MODEL = ModelName(name="tiny", sha256="0" * 64)
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
THRESHOLDS = {"yes": 0.6, "no": 0.5, "stop": 0.7}


def row(position: int, level: float = -30.0, **scores: float) -> PosteriorsEvent:
    """Scores at a position; words that are not named score nothing."""
    complete = dict.fromkeys(THRESHOLDS, 0.0) | scores
    return PosteriorsEvent(
        position=position, posteriors=complete, scores=complete, level_dbfs=level
    )


def detection(word: str, fired: int, **fields: Any) -> DetectionEvent:
    """`word` with a score of 0.81, 100 ms after its end."""
    usual: dict[str, Any] = {
        "id": "1",
        "keyword": word,
        "score": 0.81,
        "threshold": 0.55,
        "start": fired - 9600,
        "end": fired - 1600,
        "fired": fired,
        "time": NOON,
        "latency_ms": 100.0,
        "level_dbfs": -21.0,
        "model": MODEL,
    }
    return DetectionEvent(**usual | fields)


def description(**thresholds: float) -> Description:
    """The daemon's answer to `Describe`."""
    return Description(
        version="1",
        boot="b",
        pid=1,
        started=NOON,
        source="microphone",
        device="USB",
        device_rate=48000,
        clock="adc",
        model=MODEL,
        keywords=[
            KeywordStatus(word=word, threshold=value)
            for word, value in (THRESHOLDS | thresholds).items()
        ],
        labels=list(THRESHOLDS),
    )


def listening(at: float = 10.0) -> MonitorState:
    """A monitor at the time `at`, ten seconds into the stream, after one ``yes``."""
    state = MonitorState()
    state.take(StateEvent(state="listening", device="USB", since=NOON), at)
    state.describe(description())
    for position in range(0, 160_000, 640):
        score = 0.8 if 96_000 <= position < 104_000 else 0.02
        state.take(row(position, yes=score), at)
    state.take(detection("yes", 97_000), at - 5)
    state.take(
        HeartbeatEvent(
            state="listening",
            uptime=3723.0,
            samples=160_000,
            real_time_factor=0.017,
            rss=55_000_000,
            gaps=2,
        ),
        at,
    )
    return state
