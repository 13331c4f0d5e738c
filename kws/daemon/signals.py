"""The signals that the daemon obeys."""

import signal
import time

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def block_signals() -> None:
    """Keep `SIGNALS` for `wait_for_signal`, for good; the next program inherits that.

    A handler could interrupt Python anywhere, with any lock held.  A thread that does not block
    them would take them and die, and numpy may start threads when it is loaded.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def wait_for_signal(seconds: float) -> signal.Signals | None:
    """Wait for `seconds`, then give one of `SIGNALS` that has come, or None.

    `sigtimedwait` could do the waiting, too.  But when the process is stopped meanwhile (Ctrl-Z,
    SIGSTOP) and goes on later, CPython 3.11 gives memory that nobody has filled, as if a signal
    had come; without waiting it cannot be interrupted.
    """
    time.sleep(seconds)
    came = signal.sigtimedwait(SIGNALS, 0)
    return None if came is None else signal.Signals(came.si_signo)
