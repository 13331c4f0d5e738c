"""What the detector says when it hears a word."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """One keyword heard in a stream.

    Positions are sample indices of the stream at the model's sample rate (16 kHz).  They come from
    counting samples, never from a clock.
    """

    keyword: str
    score: float
    """Smoothed posterior of the keyword when it fired, 0 to 1."""
    threshold: float
    """The threshold that the score reached."""
    start: int
    """Estimated first sample of the word."""
    end: int
    """Estimated first sample after the word."""
    fired: int
    """Sample up to which the stream had been heard when the decision fell."""
    level_dbfs: float
    """Root mean square level of the word in dB below full scale, -120 at the least."""
