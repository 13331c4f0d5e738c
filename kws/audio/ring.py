"""Samples from one thread to another, without a lock between them."""

import threading
import time

import numpy as np

from kws.samples import Samples


class RingBuffer:
    """The last `capacity` samples of an endless stream, for one writer and one reader.

    The writer is an audio callback, which must never wait: it copies and then advances `written`,
    nothing else.  The reader copies in turn, looks at `written` again, and gives up what was
    overwritten meanwhile.  So every sample is either handed out once, in order, or counted as lost.

    numpy lets go of the GIL while it copies, so the reader may run in the middle of a copy of the
    writer.  At that moment up to `piece` samples beyond `written` are being replaced: the memory
    is that much larger than `capacity`, and no write is larger than a piece.
    """

    def __init__(self, capacity: int, piece: int = 4096) -> None:
        """Keep the last `capacity` samples; the writer copies at most `piece` at a time."""
        self.capacity = capacity
        self._piece = piece
        self._memory = np.zeros(capacity + piece, np.float32)
        self._written = 0
        self._read = 0
        # Used as a flag that the reader sleeps on: held means that nothing new was announced.
        self._news = threading.Lock()
        self._news.acquire()

    @property
    def written(self) -> int:
        """Samples written since the start; only the writer changes it."""
        return self._written

    @property
    def read_position(self) -> int:
        """Samples handed out or counted as lost since the start; only the reader changes it."""
        return self._read

    def write(self, samples: Samples) -> None:
        """Append `samples` (N,), of any N and stride.  Never waits; for the writer only."""
        for start in range(0, len(samples), self._piece):
            piece = samples[start : start + self._piece]
            slot = self._written % len(self._memory)
            head = min(len(piece), len(self._memory) - slot)
            self._memory[slot : slot + head] = piece[:head]
            self._memory[: len(piece) - head] = piece[head:]
            self._written += len(piece)
        if self._news.locked():
            self._news.release()

    def wait(self, timeout: float) -> bool:
        """Sleep until there is something to read, `timeout` seconds at most; for the reader only.

        Returns:
            whether there is something to read.
        """
        deadline = time.monotonic() + timeout
        while self._written == self._read:
            # What wakes us may be the announcement of samples that were read long ago.
            left = deadline - time.monotonic()
            if left <= 0 or not self._news.acquire(timeout=left):
                break
        return self._written > self._read

    def read(self, limit: int) -> tuple[Samples, int]:
        """Take the oldest samples, at most `limit`; for the reader only.

        Returns:
            a copy of the samples (n,), and how many were lost just before the first of them.  The
            next call goes on where this one ended.
        """
        start = max(self._read, self._written - self.capacity)
        end = min(self._written, start + limit)
        first = start % len(self._memory)
        samples = self._memory[first : first + end - start].copy()
        if len(samples) < end - start:
            samples = np.concatenate((samples, self._memory[: end - start - len(samples)]))
        # Whatever the writer has reached by now may hold newer samples than those meant.
        intact = min(max(start, self._written - self.capacity), end)
        lost = intact - self._read
        self._read = end
        return samples[intact - start :], lost
