"""What C libraries write to stderr, and file descriptors that lead nowhere."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


def lead_nowhere(descriptor: int) -> None:
    """What is written to `descriptor` from here on is thrown away, also by C libraries."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


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


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Keep what C libraries write to stderr away; `sys.stderr` goes on.

    ALSA, JACK and PortAudio report every device that they fail to find, over and over, and bury
    the one line that matters.
    """
    before = sys.stderr
    if before is None:
        # The program was started without; the descriptor may be that of anything by now.
        yield
        return
    # Names of files may hold bytes that are no text; Python's own stderr escapes them, too.
    with os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace") as stderr:
        lead_nowhere(2)
        sys.stderr = stderr
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(stderr.fileno(), 2)
