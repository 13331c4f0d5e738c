"""Every event of the daemon, as it travels: UTF-8 JSON behind its topic.

An event is built without its header; the `EventServer` fills the header when it publishes.  A field
that is added keeps ``v``; a field that goes or changes its meaning raises it.
"""

import math
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from kws.events import topics
from kws.samples import RATE
from kws.spotting.detection import Detection
from kws.text import NO_CONTROLS

SCHEMA_VERSION = 1

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_CONTROLS)]
Position = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
"""A sample; what a float of 64 bits can still tell apart."""
Rate = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
StateName = Literal["starting", "listening", "muted", "device_lost", "device_stuck", "stopped"]

_UNAMBIGUOUS = timedelta(days=6)

NEVER = datetime.fromtimestamp(0, UTC)
"""The time in the header of an event that has not been published."""


def until_text(until: datetime) -> str:
    """A time for a person: weekday and local time, with the date where the weekday is ambiguous."""
    day = "%a" if until - now() < _UNAMBIGUOUS else "%Y-%m-%d"
    return f"until {local_time(until):{day} %H:%M:%S}"


def local_time(instant: datetime) -> datetime:
    """An instant in local time, or in UTC where the calendar ends."""
    try:
        return instant.astimezone()
    except (OverflowError, ValueError):
        return instant


def now() -> datetime:
    """The wall clock, in UTC as all times of the events."""
    return datetime.now(UTC)


class ModelName(msgspec.Struct, frozen=True):
    """Which model speaks."""

    name: str
    """Name of the model."""
    sha256: str
    """SHA-256 of its model.json followed by its weights, 64 hexadecimal digits."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What all events have in common, the header."""

    v: int = SCHEMA_VERSION
    """Version of the schema."""
    boot: str = ""
    """Identifies one start of the daemon (UUID); sequence numbers start again from 1 with it."""
    seq: int = 0
    """Counts the messages of this topic in this boot, from 1; a hole is a lost message."""
    source: str = ""
    """Who heard it: the daemon's name, by default that of its host, or the file of a replay."""
    sent: Instant = NEVER
    """When the daemon handed the message to its socket, UTC."""

    @property
    def topic(self) -> str:
        """The topic that the event goes to."""
        raise NotImplementedError


class DetectionEvent(Event, frozen=True, kw_only=True, tag="detection"):
    """A keyword was heard."""

    id: str
    """Identifies this detection (UUID)."""
    keyword: Word
    """The word, as the model spells it."""
    score: float
    """Smoothed posterior when it fired, 0 to 1."""
    threshold: float
    """The threshold that the score reached, 0 to 1."""
    start: Position
    """Estimated first sample of the word."""
    end: Position
    """Estimated first sample after the word."""
    fired: Position
    """Sample up to which the daemon had heard when the decision fell."""
    rate: Rate = RATE
    """Samples per second that the positions count."""
    stream: int = 0
    """How often the device has been opened again in this boot."""
    time: Instant | None = None
    """When the word ended, UTC; null where no clock belongs to the audio (replay)."""
    latency_ms: float
    """From the end of the word to the decision, in milliseconds of audio."""
    lag_ms: float | None = None
    """From the arrival of sample `fired` to `sent`, in milliseconds; null in a replay."""
    level_dbfs: float
    """Root mean square level of the word, decibels below full scale."""
    model: ModelName
    """The model that heard it."""
    gap: bool = False
    """Whether audio was lost so shortly before that start and end may be off."""

    @property
    def topic(self) -> str:
        return topics.detection_topic(self.keyword)

    @classmethod
    def of(
        cls,
        detection: Detection,
        model: ModelName,
        *,
        rate: int = RATE,
        stream: int = 0,
        time: datetime | None = None,
        lag_ms: float | None = None,
        gap: bool = False,
        source: str = "",
    ) -> "DetectionEvent":
        """The event for ``detection``; what a file cannot know (time, lag) may stay out."""
        return cls(
            id=str(uuid.uuid4()),
            keyword=detection.keyword,
            score=round(detection.score, 4),
            threshold=round(detection.threshold, 4),
            start=detection.start,
            end=detection.end,
            fired=detection.fired,
            rate=rate,
            stream=stream,
            time=time,
            latency_ms=round(1000 * (detection.fired - detection.end) / rate, 1),
            lag_ms=lag_ms,
            level_dbfs=round(detection.level_dbfs, 1),
            model=model,
            gap=gap,
            source=source,
        )


class StateEvent(Event, frozen=True, kw_only=True, tag="state"):
    """The daemon changed its state."""

    state: StateName
    """The state it is in now."""
    reason: str | None = None
    """Why, for a person."""
    device: str | None = None
    """The device that is, or was, open."""
    since: Instant
    """When the state began, UTC."""
    until: Instant | None = None
    """When a mute ends by itself, UTC; null if it waits to be withdrawn, and in other states."""

    @property
    def topic(self) -> str:
        return topics.STATE

    @property
    def why(self) -> str | None:
        """Reason and end for a person."""
        if self.until is None:
            return self.reason
        return f"{self.reason} {until_text(self.until)}"


class HeartbeatEvent(Event, frozen=True, kw_only=True, tag="heartbeat"):
    """Sent every second, whatever happens, and when somebody begins to listen to heartbeats."""

    state: StateName
    """The state of the daemon."""
    uptime: float
    """Seconds since the start."""
    samples: int
    """Samples heard so far, at 16 kHz: the position of the stream."""
    overruns: int = 0
    """Times the reader was too slow and audio was lost."""
    gaps: int = 0
    """All gaps in the audio, overruns among them."""
    resets: int = 0
    """Times the hidden state was set back."""
    real_time_factor: float = 0.0
    """Seconds of computing per second of audio, lately."""
    lag_ms: float = 0.0
    """Audio that waits in the ring, in milliseconds."""
    level_dbfs: float = -120.0
    """Level of the last second, decibels below full scale; -120 while the daemon hears nothing."""
    rss: int = 0
    """Resident memory in bytes."""
    seqs: dict[str, int] = {}
    """The latest `seq` of every topic (filled by the server)."""
    dropped: int = 0
    """Messages that never reached the socket (filled by the server)."""
    refused: int = 0
    """Failed CURVE handshakes (filled by the server)."""

    @property
    def topic(self) -> str:
        return topics.HEARTBEAT


class PosteriorsEvent(Event, frozen=True, kw_only=True, tag="posteriors"):
    """What the network thinks of one block; sent only while somebody subscribes to it."""

    position: int
    """Sample up to which the block had been heard."""
    posteriors: dict[str, float]
    """Posterior of every label, 0 to 1."""
    scores: dict[str, float]
    """Smoothed posterior of every keyword, which the decision compares with the threshold."""
    level_dbfs: float
    """Level of the block, decibels below full scale."""

    @property
    def topic(self) -> str:
        return topics.POSTERIORS


class ErrorEvent(Event, frozen=True, kw_only=True, tag="error"):
    """A fault; the daemon goes on unless a `stopped` state follows."""

    code: str
    """Which fault: device_lost, device_stuck, overrun, gap, nonfinite, handshake_refused ..."""
    detail: str
    """One line for a person."""
    count: int = 1
    """How often this fault has happened in this boot."""

    @property
    def topic(self) -> str:
        return topics.ERROR


AnyEvent = DetectionEvent | StateEvent | HeartbeatEvent | PosteriorsEvent | ErrorEvent
"""Every event there is; `decode_event` tells them apart by their field ``type``."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode_event(event: Event) -> bytes:
    """The event as UTF-8 JSON.

    Raises `ValueError` for what JSON cannot say: NaN, an infinity (msgspec would write null), or
    text that is not Unicode, such as some file names.
    """
    field = _nonfinite_field(event)
    if field is not None:
        raise ValueError(f"{field} is no finite number")
    return _encoder.encode(event)


def _nonfinite_field(event: Event) -> str | None:
    for name in event.__struct_fields__:
        value = getattr(event, name)
        numbers = value.values() if isinstance(value, dict) else (value,)
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            return name
    return None


def decode_event(body: bytes) -> AnyEvent:
    """The event in ``body``; raises `msgspec.DecodeError` for anything else."""
    try:
        return _decoder.decode(body)
    except (UnicodeDecodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from error
