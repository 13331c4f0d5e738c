"""Sound files read from start to end, without what disturbs that."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import soundfile

from kws.audio.resample import Samples
from kws.nowhere import lead_nowhere

_one_at_a_time = threading.RLock()


class SequentialSound(soundfile.SoundFile):
    """A sound file that is only read from start to end.

    After each read soundfile seeks to where the file already stands, if it can seek at all.  That
    costs time, fails at the end of a FLAC of unknown length, and makes the MP3 decoder start
    afresh, so that the samples would depend on the block size.
    """

    def seekable(self) -> bool:
        return False

    def read_block(self, frames: int) -> Samples:
        """The next samples (N, channels), N at most `frames`, 0 at the end.

        Raises:
            soundfile.LibsndfileError: the file is damaged here.
        """
        if self.format != "MP3":
            return self.read(frames, dtype="float32", always_2d=True)
        with silenced_stderr():
            return self.read(frames, dtype="float32", always_2d=True)


@contextmanager
def silenced_stderr() -> Iterator[None]:
    """Throw away what is written to file descriptor 2, by any thread.

    The MP3 decoder inside libsndfile writes its remarks there and cannot be asked not to
    (https://github.com/libsndfile/libsndfile/issues/958).
    """
    if sys.stderr is None:
        # The program was started without; the descriptor may be that of anything by now.
        yield
        return
    with _one_at_a_time:
        kept = os.dup(2)
        lead_nowhere(2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
