"""What to do about calls into the audio system that never come back."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import NoReturn, TypeVar

from kws.errors import DeviceStuckError

PATIENCE_SECONDS = 10.0

Result = TypeVar("Result")


def with_patience(work: Callable[[], Result]) -> Result:
    """Do `work` in a thread of its own; gives back what it gives or raises.

    Ctrl-C ends the process at once, as nothing else could.

    Raises:
        DeviceStuckError: it takes longer than `PATIENCE_SECONDS`.  The thread is left behind, no
            more calls may be made, and only `leave_at_once` is sure to end the process.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            future.set_exception(error)

    threading.Thread(target=run, name="kws-audio", daemon=True).start()
    try:
        return future.result(PATIENCE_SECONDS)
    except TimeoutError as error:
        raise DeviceStuckError(
            f"the sound system has not answered for {PATIENCE_SECONDS:.0f} s: restart the sound "
            "server, or unplug the microphone"
        ) from error
    except KeyboardInterrupt:
        leave_at_once(130)


def leave_at_once(code: int) -> NoReturn:
    """End the process although a call into PortAudio may hang, on which Python would wait."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # closed before the program was started
            stream.flush()
    os._exit(code)
