"""When an event was, as a person reads it."""

from datetime import datetime

from kws.events.messages import DetectionEvent, local_time


def time_of_day(instant: datetime) -> str:
    """Local time to the millisecond, 12 characters."""
    local = local_time(instant)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def moment(event: DetectionEvent) -> str:
    """When the word ended: local time, or seconds of a recording; 12 characters or more."""
    if event.time is None:
        return f"{event.end / event.rate:10.2f} s"
    return time_of_day(event.time)
