"""When an event was, as a person reads it."""

from datetime import datetime

from kws.events.messages import DetectionEvent, local_time


def time_of_day(instant: datetime) -> str:
    """Local time to the millisecond, 12 characters."""
    local = local_time(instant)
    return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"


def moment_of(time: datetime | None, seconds: float) -> str:
    """Local time, or where no clock belongs to the audio its seconds; 12 characters or more."""
    return f"{seconds:10.2f} s" if time is None else time_of_day(time)


def moment(event: DetectionEvent) -> str:
    """When the word ended: local time, or seconds of a recording; 12 characters or more."""
    return moment_of(event.time, event.end / event.rate)
