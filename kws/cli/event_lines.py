"""One line for a person per event."""

from datetime import datetime

from kws.events.messages import (
    AnyEvent,
    DetectionEvent,
    ErrorEvent,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
)


def event_line(event: AnyEvent) -> str:
    """Local time, or position in a recording, and the most telling fields."""
    if not isinstance(event, DetectionEvent):
        return f"{_clock(event.sent)}  {_body(event)}"
    if event.time is None:
        return f"{event.end / event.rate:10.2f} s  {_body(event)}"
    return f"{_clock(event.time)}  {_body(event)}"


def _clock(time: datetime) -> str:
    return f"{time.astimezone():%H:%M:%S}.{time.microsecond // 1000:03d}"


def _body(event: AnyEvent) -> str:
    match event:
        case DetectionEvent():
            return (
                f"{event.keyword:<12} {event.score:5.2f}  {event.level_dbfs:4.0f} dBFS  "
                f"decided after {event.latency_ms:.0f} ms"
            )
        case StateEvent():
            more = ", ".join(filter(None, (event.device, event.reason)))
            return f"state: {event.state}" + (f" ({more})" if more else "")
        case HeartbeatEvent():
            return (
                f"heartbeat: {event.state}, up {event.uptime:.0f} s, {event.gaps} gaps, "
                f"{100 * event.real_time_factor:.1f} % of real time, {event.rss / 1e6:.0f} MB"
            )
        case PosteriorsEvent():
            best = sorted(event.scores.items(), key=lambda item: -item[1])[:3]
            return "scores: " + ", ".join(f"{word} {score:.2f}" for word, score in best)
        case ErrorEvent():
            return f"error: {event.code}: {event.detail} ({event.count} so far)"
