"""The signals that the daemon obeys."""

import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def block_signals() -> None:
    """Keep `SIGNALS` for `signal.sigtimedwait`, for good; the next program inherits that.

    A handler could interrupt Python anywhere, with any lock held.  A thread that does not block
    them would take them and die, and numpy may start threads when it is loaded.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
