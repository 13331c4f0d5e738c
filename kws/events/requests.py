"""What can be asked of the control socket, and what it answers: one JSON object each way.

A request names itself in ``request``, an answer in ``reply``: ``{"request": "mute", "reason":
"tts"}`` is answered by ``{"reply": "muting", "muted": true, "reasons": ["tts"]}``.
"""

from typing import Annotated

import msgspec

from kws.events.messages import DetectionEvent, Instant, ModelName, StateEvent
from kws.text import NO_CONTROLS

LARGEST_REQUEST = 64 * 1024
"""Bytes; a longer request is answered with an error."""

LONGEST_MUTE = 7 * 24 * 3600
"""Seconds; a mute without a limit is not ended by the daemon."""

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=NO_CONTROLS)]


class RequestBase(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="request", forbid_unknown_fields=True
):
    """Base of all requests; a misspelt field is refused, not ignored."""


class Describe(RequestBase, frozen=True, tag="describe"):
    """Who are you?  Answered by a `Description`."""


class TakeSnapshot(RequestBase, frozen=True, tag="snapshot"):
    """What have I missed?  Answered by a `Snapshot`."""


class Mute(RequestBase, frozen=True, tag="mute", omit_defaults=True):
    """Stop the analysis and drop the audio.  Answered by `Muting`.

    Defaults are not sent: a daemon that knows no limits refuses only a request that has one.
    """

    reason: Reason = "user"
    """Joins the set of reasons; audio flows again when all have been withdrawn."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=LONGEST_MUTE)] | None = None
    """After which the reason is withdrawn by itself; null: only by request.  Replaces the limit of
    the same reason."""


class Unmute(RequestBase, frozen=True, tag="unmute"):
    """Withdraw one reason to be mute, or all of them.  Answered by `Muting`."""

    reason: Reason | None = "user"
    """The reason to withdraw; null withdraws all."""


class SetThreshold(RequestBase, frozen=True, tag="set_threshold"):
    """Set the threshold of a keyword.  Answered by `ThresholdSet`."""

    keyword: str
    """One of the keywords that the daemon listens for."""
    threshold: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    """The new threshold, 0 to 1."""
    save: bool = False
    """Whether it outlives the daemon."""


class Reload(RequestBase, frozen=True, tag="reload"):
    """Read the configuration and the model again.  Answered by `Reloaded`."""


class Reset(RequestBase, frozen=True, tag="reset"):
    """Set the hidden state back.  Answered by `ResetDone`."""


class Ping(RequestBase, frozen=True, tag="ping"):
    """Are you there?  Answered by `Pong`."""


class KeywordStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One keyword that the daemon listens for."""

    word: str
    """The word, as the model spells it."""
    threshold: float
    """The threshold in force, 0 to 1."""


class ReplyBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply"):
    """Base of all answers."""


class Description(ReplyBase, frozen=True, tag="description"):
    """Who the daemon is and what it listens for."""

    version: str
    """Version of kws."""
    boot: str
    """Identifies this start of the daemon (UUID)."""
    pid: int
    """Its process."""
    started: Instant
    """When it started, UTC."""
    source: str
    """Where the audio comes from: microphone, a file, or ``-`` for standard input."""
    device: str | None
    """Name of the open device; null while there is none."""
    device_rate: int | None
    """Samples per second of the device; null while there is none."""
    clock: str
    """What the times rest on: ``adc``, ``arrival``, or ``none`` (not in real time)."""
    model: ModelName
    """The model in use."""
    keywords: list[KeywordStatus]
    """What it listens for."""
    labels: list[str]
    """All classes of the model, in the order of its output."""


class Snapshot(ReplyBase, frozen=True, tag="snapshot"):
    """All that a late subscriber needs: it then ignores messages up to these sequence numbers."""

    boot: str
    """Identifies this start of the daemon (UUID)."""
    state: StateEvent | None
    """The last state that was published."""
    detections: list[DetectionEvent]
    """The last 100 detections, the oldest first."""
    seqs: dict[str, int]
    """The latest `seq` of every topic."""


class Muting(ReplyBase, frozen=True, tag="muting"):
    """Whether the daemon is mute now."""

    muted: bool
    """Whether it drops the audio."""
    reasons: list[str]
    """Why, sorted; empty when it listens."""
    until: Instant | None = None
    """When the last reason runs out, UTC; null when it listens, or one has no limit."""


class ThresholdSet(ReplyBase, frozen=True, tag="threshold_set"):
    """The threshold that is in force now."""

    keyword: str
    """The keyword."""
    threshold: float
    """Its threshold, 0 to 1."""
    saved: str | None = None
    """The file that it was saved in; null when it lasts until the next start."""


class Reloaded(ReplyBase, frozen=True, tag="reloaded"):
    """Configuration and model were read again."""

    model: ModelName
    """The model in use now."""
    keywords: list[KeywordStatus]
    """What the daemon listens for now."""


class ResetDone(ReplyBase, frozen=True, tag="reset_done"):
    """The hidden state was set back."""

    position: int
    """Sample at which the daemon stood when it took the request."""


class Pong(ReplyBase, frozen=True, tag="pong"):
    """The answer to a ping."""

    boot: str
    """Identifies this start of the daemon (UUID)."""


class Refusal(ReplyBase, frozen=True, tag="error"):
    """The request was not carried out."""

    code: str
    """``malformed``, ``too_large``, ``forbidden``, or the name of a class of `kws.errors`."""
    detail: str
    """One line for a person."""


Request = Describe | TakeSnapshot | Mute | Unmute | SetThreshold | Reload | Reset | Ping
Reply = Description | Snapshot | Muting | ThresholdSet | Reloaded | ResetDone | Pong | Refusal
HandledRequest = Describe | Mute | Unmute | SetThreshold | Reload | Reset
"""What the daemon's handler is asked; `Ping` and `TakeSnapshot` the server answers itself."""
