"""What one opened device delivers, from the audio callback to the inference thread."""

from dataclasses import dataclass

from kws.audio.resample import StreamResampler
from kws.audio.ring import RingBuffer
from kws.audio.source import Chunk
from kws.samples import RATE, Samples

SECONDS = 8
"""Audio that the ring keeps for a reader who is late."""

_LONGEST_ADC_DELAY = 0.25
_BLOCKS_TO_TRUST = 50


@dataclass(frozen=True, slots=True)
class _Mark:
    """When a block came in."""

    written: int
    """Samples of the device up to the end of the block."""
    block: int
    """Samples of the block."""
    arrived: float
    """`time.monotonic` of its callback."""
    adc_delay: float
    """Seconds from the capture of its first sample to the callback, as the device says."""


class Feed:
    """A ring at the rate of the device, and the reader's way from there to 16 kHz.

    `write` is for the audio callback, all else for the reader.
    """

    def __init__(self, rate: int, stream: int = 0, seconds: float = SECONDS) -> None:
        """Args: rate: of the device in Hz; stream: goes into every `Chunk`."""
        self.rate = rate
        self.stream = stream
        self.overflows = 0
        """Blocks before which the device says it lost something; the writer counts."""
        self._ring = RingBuffer(int(seconds * rate))
        self._mark = _Mark(0, 0, 0.0, 0.0)
        self._resampler = StreamResampler(rate)
        self._overflows_seen = 0
        self._sensible = 0
        self._doubtful = False
        self._given = 0

    @property
    def written(self) -> int:
        """Samples that the device has delivered, at its own rate."""
        return self._ring.written

    @property
    def clock(self) -> str:
        """``adc`` once the device's capture times have always made sense, else ``arrival``."""
        trusted = self._sensible >= _BLOCKS_TO_TRUST and not self._doubtful
        return "adc" if trusted else "arrival"

    @property
    def backlog(self) -> float:
        """Seconds of audio that wait for the reader."""
        return (self._ring.written - self._ring.read_position) / self.rate

    def write(self, samples: Samples, arrived: float, adc_delay: float, overflow: bool) -> None:
        """Take a block (N,) of one channel; never waits.

        Args:
            arrived: `time.monotonic` of now.
            adc_delay: seconds since the capture of the first sample; 0 if the device cannot tell.
            overflow: whether the device lost samples before these.
        """
        self.overflows += overflow
        # Before the samples, so that the reader never sees samples that are newer than the mark.
        self._mark = _Mark(self._ring.written + len(samples), len(samples), arrived, adc_delay)
        self._ring.write(samples)

    def read(self, timeout: float) -> Chunk | None:
        """The next samples, 0.1 s at most; None when none came within `timeout` seconds.

        Samples that were overwritten before they could be read are counted to the sample, in the
        `lost` of the chunk behind them.  So are the few that a resampler held at that moment.
        """
        if not self._ring.wait(timeout):
            return None
        raw, lost = self._ring.read(self.rate // 10)
        if lost:
            self._resampler = StreamResampler(self.rate)
        samples = self._resampler.feed(raw)
        missing = 0
        if lost:
            begin = (self._ring.read_position - len(raw)) * RATE // self.rate
            missing = begin - self._given
            self._given = begin
        self._given += len(samples)
        overflows = self.overflows
        overflow = overflows > self._overflows_seen
        self._overflows_seen = overflows
        captured = self._capture_time(self._ring.read_position)
        return Chunk(samples, captured, missing, overflow, self.stream)

    def _capture_time(self, position: int) -> float:
        """When the newest resampled sample was sound, having taken `position` of the device."""
        mark = self._mark
        arrived = mark.arrived - (mark.written - position) / self.rate
        block = mark.block / self.rate
        # Through ALSA's pulse plug-in the capture time is 0, within the block, or far too early.
        if block <= mark.adc_delay <= _LONGEST_ADC_DELAY:
            self._sensible += 1
        else:
            self._doubtful = True
        transit = mark.adc_delay - block if self.clock == "adc" else 0.0
        return arrived - transit - self._resampler.delay / RATE
