"""Recordings as streams of mono samples at 16 kHz."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from kws.audio.pipes import open_pipe
from kws.audio.resample import HIGHEST_RATE, LOWEST_RATE, StreamResampler
from kws.audio.sound import SequentialSound
from kws.descriptors import silenced_output
from kws.errors import AudioFileError
from kws.samples import Samples, valid

STDIN = "-"

EXTENSIONS = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".au", ".caf")
"""What a file is called that is taken for a recording when a folder is searched."""

# A block never holds more values than this, whatever rate and channel count a header claims.
_LARGEST_BLOCK = 1 << 18

# Writers that stream do not know the length: they leave the largest number there is, of 31 or 32
# bits, or a little less.  libsndfile says "no idea" with a number of 63 bits.
_UNKNOWN_BYTES = 0x7FFF0000
_UNKNOWN_FRAMES = 1 << 61

# How libsndfile's log tells of the length in the header, and that there is less on disk.
_LENGTH_LOG = re.compile(
    r"^(?:data|SSND) : (?P<bytes>\d+)(?P<corrected> \(should be \d+\))?$", re.MULTILINE
)


class Recording:
    """One open recording; iterate once over it to get its samples.

    Iterating gives blocks (N,), mono float32 at 16 kHz, nominally in [-1, 1] (float files may go
    beyond), about 0.1 s each.  Only a block is held at a time.  The samples do not depend on how
    the file is cut into blocks.  Samples that are not finite are passed on, for the spotter to
    deal with as it does live, and counted in `nonfinite`.

    Iterating raises `AudioFileError` when the file turns out to be damaged or cut short (after
    the samples before that point), has no sample, or no finite one.
    """

    def __init__(
        self,
        sound: SequentialSound,
        path: str,
        channel: int | None = None,
        block: int | None = None,
    ) -> None:
        self.path = path
        """The name as it was given, ``-`` for stdin."""
        self.rate = int(sound.samplerate)
        """Sample rate of the file in Hz."""
        self.channels = int(sound.channels)
        self.nonfinite = 0
        """Samples so far, at the file's rate, that were NaN or infinite."""
        self._sound = sound
        self._channel = channel
        self._check_format()
        self.block = max(1, min(block or self.rate // 10, _LARGEST_BLOCK // self.channels))
        """Frames of the file that are read at once."""
        self._frames = 0

    @property
    def duration(self) -> float | None:
        """Length in seconds according to the file, or None where that is not known."""
        return self._sound.frames / self.rate if self._knows_length() else None

    @property
    def seconds(self) -> float:
        """How much has been read so far."""
        return self._frames / self.rate

    def __iter__(self) -> Iterator[Samples]:
        resampler = StreamResampler(self.rate)
        while len(block := self._read()):
            mono = self._mix(block)
            self._frames += len(mono)
            self.nonfinite += int(np.count_nonzero(~valid(mono)))
            if len(samples := resampler.feed(mono)):
                yield samples
        if len(samples := resampler.flush()):
            yield samples
        self._check_content()

    def close(self) -> None:
        """Close the file."""
        self._sound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _read(self) -> Samples:
        """The next block (N, channels); (0, channels) at the end."""
        try:
            return self._sound.read_block(self.block)
        except soundfile.LibsndfileError as error:
            raise AudioFileError(
                f"{self.path}: damaged or cut short after {self.seconds:.1f} s; "
                "what comes before was analysed"
            ) from error

    def _mix(self, block: Samples) -> Samples:
        """(N, channels) to (N,): the chosen channel, or the mean of all."""
        if self._channel is not None:
            return np.ascontiguousarray(block[:, self._channel - 1])
        if self.channels == 1:
            return block[:, 0]
        # Infinite samples are counted later; numpy need not warn about their mean.
        with np.errstate(over="ignore", invalid="ignore"):
            mean: Samples = block.mean(axis=1)
        return mean

    def _check_format(self) -> None:
        if not LOWEST_RATE <= self.rate <= HIGHEST_RATE:
            raise AudioFileError(
                f"{self.path}: a sample rate of {self.rate} Hz; "
                f"kws takes {LOWEST_RATE} to {HIGHEST_RATE} Hz"
            )
        if self._channel is not None and not 1 <= self._channel <= self.channels:
            raise AudioFileError(
                f"{self.path}: there is no channel {self._channel}; the recording has "
                f"{self.channels} (the first is 1)"
            )

    def _check_content(self) -> None:
        if self._frames == 0:
            raise AudioFileError(f"{self.path}: holds no sound, not a single sample")
        if self.nonfinite == self._frames:
            raise AudioFileError(f"{self.path}: holds no sound, only NaN, infinite or huge samples")
        if self._is_cut_short():
            raise AudioFileError(
                f"{self.path}: cut short after {self.seconds:.1f} s, its header "
                "promises more; what there is was analysed"
            )

    def _is_cut_short(self) -> bool:
        """Whether the file ended before its header said; call at the end."""
        # The length of an MP3 is an estimate.
        if self._sound.format == "MP3" or not self._knows_length():
            return False
        # libsndfile corrects a wrong length where it can see the end, and says so only in its log.
        length = self._length_log()
        if length is not None and length["corrected"]:
            return int(length["bytes"]) < _UNKNOWN_BYTES
        return self._frames < self._sound.frames

    def _knows_length(self) -> bool:
        length = self._length_log()
        if length is not None and int(length["bytes"]) >= _UNKNOWN_BYTES:
            return length["corrected"] is not None
        return self._sound.frames < _UNKNOWN_FRAMES

    def _length_log(self) -> re.Match[str] | None:
        return _LENGTH_LOG.search(self._sound.extra_info)


def open_recording(
    path: str | Path, channel: int | None = None, block: int | None = None
) -> Recording:
    """Open a recording: a file in any format of libsndfile, a named pipe, or ``-`` for stdin.

    Args:
        path: What to open.  What comes from stdin or a pipe is read as `open_pipe` describes.
        channel: The channel to take, from 1; the mean of all by default.
        block: Frames of the file to read at once, about 0.1 s by default.

    Raises:
        AudioFileError: it cannot be opened, is not a recording, or has no such channel.
    """
    name = str(path)
    try:
        sound = _open_stdin() if name == STDIN else _open_path(name)
    except OSError as error:
        raise AudioFileError(f"{name}: {error.strerror}") from error
    except soundfile.LibsndfileError as error:
        raise AudioFileError(
            f"{name}: not a recording that libsndfile can read ({error.error_string.rstrip('.')}); "
            "ffmpeg can convert most others to WAV"
        ) from error
    try:
        return Recording(sound, name, channel, block)
    except AudioFileError:
        sound.close()
        raise


def _open_stdin() -> SequentialSound:
    if sys.stdin is None:
        raise AudioFileError("-: stdin is closed")
    if sys.stdin.isatty():
        raise AudioFileError("-: stdin is a terminal; pipe a recording into it")
    return open_pipe(os.dup(sys.stdin.fileno()))


def _open_path(name: str) -> SequentialSound:
    descriptor = os.open(name, os.O_RDONLY)
    status = os.fstat(descriptor)
    if stat.S_ISFIFO(status.st_mode) or stat.S_ISCHR(status.st_mode):
        return open_pipe(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size > 0:
        with silenced_output():
            return SequentialSound(descriptor)
    os.close(descriptor)
    problem = "is a folder" if stat.S_ISDIR(status.st_mode) else "is empty"
    raise AudioFileError(f"{name}: {problem}")


def list_recordings(path: str | Path) -> list[str]:
    """The recordings that `path` stands for: itself, or all in and below a folder, sorted.

    Raises:
        AudioFileError: a folder that holds none, or cannot be read.
    """
    folder = Path(path)
    if not folder.is_dir():
        return [str(path)]
    try:
        found = sorted(
            str(Path(parent, name))
            for parent, _, names in os.walk(folder, onerror=_raise)
            for name in names
            if Path(name).suffix.lower() in EXTENSIONS
            and not name.startswith(".")
            # A pipe in between would wait for somebody to write to it.
            and Path(parent, name).is_file()
        )
    except OSError as error:
        raise AudioFileError(f"{error.filename}: {error.strerror}") from error
    if not found:
        raise AudioFileError(f"{path}: a folder without recordings (WAV, FLAC, Ogg, Opus, MP3)")
    return found


def _raise(error: OSError) -> None:
    raise error
