"""Any sample rate to that of the models, as the samples arrive."""

import numpy as np
import soxr

from kws.samples import RATE, Samples

LOWEST_RATE, HIGHEST_RATE = 4000, 768000
"""Sample rates that are taken, in Hz: below there is no speech left, above no sound card."""

QUALITY = "HQ"
"""soxr quality, the same for files and live: a model hears the same filter either way."""


class StreamResampler:
    """Resamples one mono stream from `source_rate` to `target_rate`, both in Hz.

    The output does not depend on how the input is cut, to the bit.  soxr alone does not promise
    that: for ratios such as 11025 to 16000 its phase accumulates over a call.  So it is always
    called with 10 ms, counted from the start of the stream, and the rest waits for the next call.

    Where both rates are equal the samples pass untouched.  A sample that is not finite comes out
    as a burst as long as the filter (30 ms at 48 kHz), after which the stream is clean again.
    """

    def __init__(self, source_rate: int, target_rate: int = RATE) -> None:
        self.source_rate = source_rate
        self.target_rate = target_rate
        self._soxr = (
            None
            if source_rate == target_rate
            else soxr.ResampleStream(source_rate, target_rate, 1, dtype="float32", quality=QUALITY)
        )
        self._chunk = max(1, source_rate // 100)
        self._waiting = np.zeros(0, np.float32)
        self._taken = 0
        self._given = 0

    @property
    def delay(self) -> float:
        """By how many output samples the output so far is shorter than the input so far.

        Between 0 and about 600 samples at 48 kHz; it varies within that as the filter works in
        blocks, so a clock has to read it after each `feed`.
        """
        return self._taken * self.target_rate / self.source_rate - self._given

    def feed(self, samples: Samples) -> Samples:
        """Take samples (N,), give back what can be computed so far (possibly nothing)."""
        self._taken += len(samples)
        if self._soxr is None:
            self._given += len(samples)
            return samples
        waiting = np.concatenate((self._waiting, samples))
        whole = len(waiting) // self._chunk * self._chunk
        self._waiting = waiting[whole:]
        return self._resample(waiting[:whole].reshape(-1, self._chunk))

    def flush(self) -> Samples:
        """End the stream: give back all that is left inside, and be ready for a new stream."""
        if self._soxr is None:
            return np.zeros(0, np.float32)
        rest: Samples = self._soxr.resample_chunk(self._waiting, last=True)
        self._soxr.clear()
        self._waiting = np.zeros(0, np.float32)
        self._taken = self._given = 0
        return rest

    def _resample(self, chunks: Samples) -> Samples:
        """Resample chunks (n, chunk); gives (M,)."""
        assert self._soxr is not None
        parts = [self._soxr.resample_chunk(chunk) for chunk in chunks]
        result = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        self._given += len(result)
        return result
