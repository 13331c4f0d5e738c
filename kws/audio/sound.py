"""Sound files read from start to end, without what disturbs that."""

from contextlib import nullcontext

import soundfile

from kws.descriptors import silenced_output
from kws.samples import Samples


class SequentialSound(soundfile.SoundFile):  # type: ignore[misc]  # no types
    """A sound file that is only read from start to end.

    After each read soundfile seeks to where the file already stands, if it can seek at all.  That
    costs time, fails at the end of a FLAC of unknown length, and makes the MP3 decoder start
    again, so that the samples would depend on the block size.
    """

    # soundfile has these without types.
    frames: int
    samplerate: int
    channels: int
    format: str
    extra_info: str

    def seekable(self) -> bool:
        return False

    def read_block(self, frames: int) -> Samples:
        """The next samples (N, channels), N at most `frames`, 0 at the end.

        Raises:
            soundfile.LibsndfileError: the file is damaged here.
        """
        with silenced_output() if self.format == "MP3" else nullcontext():
            block: Samples = self.read(frames, dtype="float32", always_2d=True)
        return block
