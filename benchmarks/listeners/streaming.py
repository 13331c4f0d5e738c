"""What every listener program does: open its library, stream a recording through it, tell the cost.

Each program runs in the virtual environment of one library, so this needs the standard library
alone.  Its arguments are a file of raw samples (16 kHz, 16 bit, mono) and what the program asks for
besides; it prints one JSON object.  Linux only: memory is read from /proc.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

RATE = 16000
BYTES_PER_SAMPLE = 2


class Listener(NamedTuple):
    """A library that is ready to listen."""

    chunk: int
    """Samples that it takes at a time."""
    words: int
    """Words, or models of one word, that it listens for; 0 if it knows no words."""
    hear: Callable[[bytes], list[str]]
    """Takes a chunk, gives the words that it found just now."""


def stream(open_listener: Callable[[list[str]], Listener]) -> None:
    """Run the program: open the listener, let it hear the recording, print what it cost.

    The start-up ends with the first chunk, because some libraries put work off until then.
    """
    recording, *arguments = sys.argv[1:]
    listener = open_listener(arguments)
    size = listener.chunk * BYTES_PER_SAMPLE
    detections = []
    with Path(recording).open("rb") as file:
        listener.hear(file.read(size))
        ready, start_up_cpu = time.monotonic(), time.process_time()
        heard = listener.chunk
        while len(chunk := file.read(size)) == size:
            heard += listener.chunk
            detections += [(word, heard) for word in listener.hear(chunk)]
    cpu = time.process_time() - start_up_cpu
    print(
        json.dumps(
            {
                "chunk": listener.chunk,
                "words": listener.words,
                "ready": ready,
                "start_up_cpu": start_up_cpu,
                "factor": cpu * RATE / (heard - listener.chunk),
                "peak_kib": _peak_kib(),
                "detections": detections,
            }
        )
    )


def _peak_kib() -> int:
    """The largest resident set so far, in KiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])
