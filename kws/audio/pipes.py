"""Recordings that come through a pipe, as they come."""

import os
import shutil
import tempfile
import threading
from contextlib import suppress

from kws.audio.sound import SequentialSound
from kws.samples import RATE

_MAGIC_LENGTH = 4
_CONTAINERS = (b"RIFF", b"OggS")
_SEEKING_CONTAINER = b"fLaC"
_PIPE_READ = 1 << 16


def open_pipe(source: int) -> SequentialSound:
    """Open the sound that arrives at file descriptor `source`, and close that when it ends.

    The first four bytes decide: RIFF and Ogg are decoded while they arrive, also without an end
    or with a header that does not know the length (``ffmpeg -f wav -``); FLAC, whose decoder has
    to seek, goes to a temporary file first; anything else is taken for raw samples, 16 kHz mono
    signed 16 bit little endian.

    Raises:
        soundfile.LibsndfileError: the header cannot be read.
        OSError: reading fails, or there is no room for the temporary file.
    """
    magic = _read_exactly(source, _MAGIC_LENGTH)
    if magic == _SEEKING_CONTAINER:
        return SequentialSound(_spool(magic, source))
    # libsndfile reads pipes well, but the magic is gone from this one: hand it on in another.
    sink = _pump(magic, source)
    if magic in _CONTAINERS:
        return SequentialSound(sink)
    return SequentialSound(
        sink, format="RAW", subtype="PCM_16", endian="LITTLE", samplerate=RATE, channels=1
    )


def _read_exactly(source: int, count: int) -> bytes:
    """Read `count` bytes, or fewer at the end of the stream."""
    data = b""
    while len(data) < count and (more := os.read(source, count - len(data))):
        data += more
    return data


def _spool(magic: bytes, source: int) -> int:
    """Copy everything to a temporary file that vanishes when its descriptor is closed."""
    with tempfile.TemporaryFile() as spool, open(source, "rb") as rest:
        spool.write(magic)
        shutil.copyfileobj(rest, spool)
        spool.seek(0)
        return os.dup(spool.fileno())


def _pump(magic: bytes, source: int) -> int:
    """Copy everything to a new pipe, in a thread; gives the pipe's end for reading.

    The thread ends with the stream or when the reader closes the pipe.  It reads the descriptor
    itself: a lock on `sys.stdin` held by a thread would make Python abort at exit.
    """
    reading_end, writing_end = os.pipe()

    def copy() -> None:
        data = magic
        # The reader is told of any trouble by the end of the stream.
        with suppress(OSError):
            while data:
                sent = os.write(writing_end, data)
                data = data[sent:] or os.read(source, _PIPE_READ)
        os.close(writing_end)
        os.close(source)

    threading.Thread(target=copy, name="kws-pipe", daemon=True).start()
    return reading_end
