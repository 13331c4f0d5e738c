"""What C libraries write to our standard streams, and file descriptors that lead nowhere."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_one_at_a_time = threading.RLock()


def lead_nowhere(descriptor: int) -> None:
    """What is written to `descriptor` from here on is thrown away, also by C libraries."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def silenced_output() -> Iterator[None]:
    """Throw away what is written to file descriptors 1 and 2, by any thread.

    libsndfile writes remarks of its decoders there and cannot be asked not to
    (https://github.com/libsndfile/libsndfile/issues/958).
    """
    with _one_at_a_time, ExitStack() as stack:
        for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
            if stream is None:
                # The program was started without; the descriptor may be that of anything by now.
                continue
            kept = os.dup(descriptor)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, descriptor)
            lead_nowhere(descriptor)
        # What C has buffered meanwhile must go the same way.
        stack.callback(ctypes.CDLL(None).fflush, None)
        yield


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
