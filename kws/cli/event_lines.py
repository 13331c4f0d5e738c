"""One line for a person per event."""

from kws.events.messages import (
    AnyEvent,
    DetectionEvent,
    ErrorEvent,
    HeartbeatEvent,
    PosteriorsEvent,
    StateEvent,
)
from kws.events.moments import moment, time_of_day


def event_line(event: AnyEvent) -> str:
    """Local time, or position in a recording, and the most telling fields."""
    when = moment(event) if isinstance(event, DetectionEvent) else time_of_day(event.sent)
    return f"{when}  {_body(event)}"


def _body(event: AnyEvent) -> str:
    match event:
        case DetectionEvent():
            return (
                f"{event.keyword:<12} {event.score:5.2f}  {event.level_dbfs:4.0f} dBFS  "
                f"decided after {event.latency_ms:.0f} ms"
            )
        case StateEvent():
            more = ", ".join(filter(None, (event.device, event.why)))
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
