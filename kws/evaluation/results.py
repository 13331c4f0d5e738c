"""What an evaluation found: the shape of its JSON."""

import msgspec

from kws.evaluation.curves import Curve


class Event(msgspec.Struct, frozen=True):
    """A miss or a false alarm, so that one can go and listen to it."""

    stream: str
    seconds: float
    """Where in the stream: the end of the word that was missed, or the moment of the alarm."""
    recording: str
    """The file that was being played, empty if none was."""
    said: str
    """The word in it, empty for running speech, noise and pauses."""
    heard: str
    """The word that fired; for a miss, what fired instead, if anything."""
    score: float
    """Of the alarm; for a miss, the highest that the word reached while it was awaited."""
    kind: str
    """"miss", or the kind of alarm (see `matching.match`)."""


class WordMisses(msgspec.Struct, frozen=True):
    """One keyword on a stream, or the keywords of one kind."""

    clips: int
    misses: int


class StreamResult(msgspec.Struct, frozen=True):
    """A listener on a stream of clips, with its settings as shipped."""

    listener: str
    stream: str
    hours: float
    keywords: int
    """Clips of keywords."""
    others: int
    """Clips of other words."""
    misses: int
    miss_rate: float
    miss_low: float
    """Bounds of 95 %, bootstrapped over clips."""
    miss_high: float
    alarms: dict[str, int]
    """By kind."""
    alarms_per_hour: float
    errors_per_clip: float
    """Wrong word, other word or double, per clip of any word."""
    latency_p50_ms: float | None
    """From the end of the word to the decision; None without a hit."""
    latency_p95_ms: float | None
    latencies_ms: list[float]
    start_error_ms: float | None
    """Median distance of a detection's start from the word's start; None if it tells none."""
    end_error_ms: float | None
    words: dict[str, WordMisses]
    cut_off: WordMisses
    """Keywords that seem to go on beyond the end of their clip."""
    missed: list[Event]
    false_alarms: list[Event]
    against_stream: Curve
    """Miss rate against the false alarms on the same stream."""
    against_speech: Curve | None
    """Miss rate against the false alarms on speech without keywords; None if there is none."""


class AlarmResult(msgspec.Struct, frozen=True):
    """A listener on material in which nothing should fire, with its settings as shipped."""

    listener: str
    material: str
    hours: float
    """Of recordings; pauses between them do not count."""
    recordings: int
    alarms: int
    per_hour: float
    low: float
    """Exact Poisson bounds of 95 %; with no alarm the upper one is the rule of three."""
    high: float
    words: dict[str, int]
    """Alarms by word."""
    curve: list[float]
    """Alarms per hour at every shift of the thresholds (`Curve.shifts`)."""
    false_alarms: list[Event]


class WordScore(msgspec.Struct, frozen=True):
    """One label of the clip test."""

    label: str
    clips: int
    precision: float | None
    """None if the label was never given."""
    recall: float | None
    """None if there is no clip of it."""


class ClipRule(msgspec.Struct, frozen=True):
    """How a clip's label is chosen (see `clips.py`)."""

    unknown_bias: float
    silence_bias: float
    chosen_on: str
    """The part whose clips the biases were chosen on."""


class ClipResult(msgspec.Struct, frozen=True):
    """The classical test: one label for each clip."""

    accuracy: float
    low: float
    """Bounds of 95 %, bootstrapped over clips."""
    high: float
    accuracy_without_silence: float
    clips: int
    """With those of silence."""
    silence: int
    labels: list[str]
    confusion: list[list[int]]
    """Rows are what was said, columns what was decided, in the order of `labels`."""
    words: list[WordScore]
    rule: ClipRule


class ModelFacts(msgspec.Struct, frozen=True):
    """What was measured."""

    name: str
    sha256: str
    kind: str
    parameters: int
    thresholds: dict[str, float]


class Evaluation(msgspec.Struct, frozen=True):
    """Everything that `kws eval` found."""

    kws: str
    """Version of kws."""
    model: ModelFacts
    sources: list[str]
    """Names of the folders of recordings."""
    part: str
    seed: int
    quick: bool
    clips: ClipResult
    streams: list[StreamResult]
    alarms: list[AlarmResult]
    remarks: list[str]
    """What the reader must know about the material."""
