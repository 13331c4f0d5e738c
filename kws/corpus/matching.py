"""Detections against the truth: which are hits, and what kind of false alarm the rest are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

TOLERANCE = 12000
"""Samples (0.75 s) after the end of a clip in which a detection still counts for it."""

AlarmKind = Literal["wrong word", "other word", "double", "background"]
ALARM_KINDS: tuple[AlarmKind, ...] = ("wrong word", "other word", "double", "background")


class Firing(Protocol):
    """What is needed of a detection; `kws.Detection` has it."""

    @property
    def keyword(self) -> str:
        """The word."""

    @property
    def fired(self) -> int:
        """Sample up to which the stream had been heard when the decision fell."""

    @property
    def score(self) -> float:
        """Smoothed posterior of the word when it fired."""


F = TypeVar("F", bound=Firing)


@dataclass(frozen=True, slots=True)
class Placement:
    """One recording in a stream.  Positions are sample indices of the stream."""

    word: str
    """What is said; empty for running speech and noise."""
    name: str
    """The recording, as its corpus calls it."""
    clip_start: int
    clip_end: int
    """First sample after the clip."""
    word_start: int
    """First sample of the word by energy; that of the clip where nothing is known."""
    word_end: int
    """First sample after the word."""
    cut_off: bool = False
    """The word seems to go on beyond the end of its clip."""

    def awaits(self, position: int) -> bool:
        """Whether a detection at `position` is in time for this clip."""
        return self.clip_start <= position < self.clip_end + TOLERANCE


@dataclass(frozen=True, slots=True)
class Hit(Generic[F]):
    """The first detection of the right word."""

    detection: F
    placement: Placement

    @property
    def latency(self) -> int:
        """Samples from the end of the word to the decision, below 0 if it came before."""
        return self.detection.fired - self.placement.word_end


@dataclass(frozen=True, slots=True)
class Alarm(Generic[F]):
    """A detection that is not a hit."""

    detection: F
    kind: AlarmKind
    placement: Placement | None
    """What was being played, if anything."""


@dataclass(frozen=True, slots=True)
class Matching(Generic[F]):
    """How the detections in a stream fit what was played."""

    hits: list[Hit[F]]
    misses: list[Placement]
    alarms: list[Alarm[F]]

    @property
    def miss_rate(self) -> float:
        """False rejection rate: the share of keywords that were missed, NaN without any."""
        total = len(self.hits) + len(self.misses)
        return len(self.misses) / total if total else float("nan")

    def alarm_counts(self) -> dict[AlarmKind, int]:
        """How many alarms there are of each kind."""
        counts = Counter(alarm.kind for alarm in self.alarms)
        return {kind: counts[kind] for kind in ALARM_KINDS}


def match(
    detections: Sequence[F], placements: Sequence[Placement], keywords: Sequence[str]
) -> Matching[F]:
    """Match detections, in order of time, with what was placed in the stream.

    A hit is the first detection of a clip's word between the start of the clip and `TOLERANCE`
    after its end.  Everything else is a false alarm: a "double" if the clip had its hit already,
    a "wrong word" where another keyword was said, an "other word" where something else was said,
    "background" where nothing was.  Where the times of several clips overlap, a detection goes to
    the first clip of its word without a hit; failing that, it is put down to the clip whose word
    ended nearest to it.

    Args:
        keywords: the words that can fire; a clip of any other word is never missed.
    """
    order = sorted(placements, key=lambda placement: placement.clip_start)
    hits: dict[int, Hit[F]] = {}
    alarms: list[Alarm[F]] = []
    first = 0
    for detection in detections:
        while first < len(order) and order[first].clip_end + TOLERANCE <= detection.fired:
            first += 1
        heard = _awaiting(order, first, detection.fired)
        own = [index for index in heard if order[index].word == detection.keyword]
        open_clips = [index for index in own if index not in hits]
        if open_clips:
            hits[open_clips[0]] = Hit(detection, order[open_clips[0]])
            continue
        source = _nearest(order, own or heard, detection.fired)
        alarms.append(Alarm(detection, _kind(source, detection, keywords), source))
    misses = [
        placement
        for index, placement in enumerate(order)
        if placement.word in keywords and index not in hits
    ]
    return Matching([hits[index] for index in sorted(hits)], misses, alarms)


def _awaiting(order: Sequence[Placement], first: int, position: int) -> list[int]:
    """Indices, from `first` on, of the clips for which `position` is in time."""
    found = []
    for index in range(first, len(order)):
        if order[index].clip_start > position:
            break
        if order[index].awaits(position):
            found.append(index)
    return found


def _nearest(
    order: Sequence[Placement], candidates: Sequence[int], position: int
) -> Placement | None:
    if not candidates:
        return None
    return order[min(candidates, key=lambda index: abs(order[index].word_end - position))]


def _kind(source: Placement | None, detection: Firing, keywords: Sequence[str]) -> AlarmKind:
    if source is None or not source.word:
        return "background"
    if source.word == detection.keyword:
        return "double"
    return "wrong word" if source.word in keywords else "other word"
