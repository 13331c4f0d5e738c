"""The figures of a benchmark, as `kws bench --json` prints them."""

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """Where it was measured."""

    system: str
    processor: str
    cores: int
    python: str
    numpy: str


class Factors(msgspec.Struct, frozen=True):
    """CPU seconds per second of audio; 1 would be a core that is just fast enough."""

    mfcc: float
    """Samples to MFCC frames."""
    network: float
    """Frames to posteriors."""
    decision: float
    """All else in the chain: smoothing, thresholds, bounds of the words."""
    whole: float
    """The whole chain in blocks as long as the microphone's."""

    @property
    def streams(self) -> int:
        """How many streams in real time keep one core busy."""
        return int(1 / self.whole)


class Latency(msgspec.Struct, frozen=True):
    """From a block in the ring to the event at a subscriber, in milliseconds."""

    events: int
    """How many were timed."""
    median: float
    p90: float
    p99: float
    worst: float


class Footprint(msgspec.Struct, frozen=True):
    """What a process took until the end of its recording, start of Python included."""

    cpu: float
    """Seconds of processor time."""
    wall: float
    """Seconds from the start of the process."""
    resident: float | None
    """VmRSS in MB of 10^6 bytes, None where there is no /proc."""
    anonymous: float | None
    """RssAnon: the part of it that is neither code nor other files, so nobody else's."""


class Figures(msgspec.Struct, frozen=True):
    """All that `kws bench` measures."""

    kws: str
    """Version."""
    model: str
    sha256: str
    words: int
    machine: Machine
    real_time_factor: Factors
    streams_per_core: int
    latency_ms: Latency
    start_up: Footprint
    """`kws replay` of a single block."""
    replay: Footprint
    """`kws replay` of the whole signal."""
