"""What other threads have the inference thread do for them."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from kws.daemon.containment import contained
from kws.errors import KwsError

PATIENCE_SECONDS = 0.5
"""How long a request waits for its turn: while the socket thread waits there are no heartbeats."""

Result = TypeVar("Result")


class Actions:
    """Actions that wait until the thread which owns what they touch gets round to them."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def perform(self, action: Callable[[], Result], patience: float) -> Result:
        """Have `action` carried out, and give back what it gives or raises.  For other threads.

        Raises `KwsError` when that takes longer than `patience` seconds.  An action that has not
        been started by then is not carried out later.
        """
        future: Future[Result] = Future()

        def act() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                with contained("the request"):
                    result = action()
            except KwsError as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._waiting.put(act)
        try:
            return future.result(patience)
        except TimeoutError as error:
            future.cancel()
            raise KwsError("the daemon is too busy to do that now: try again") from error

    def carry_out(self) -> None:
        """Do all that waits.  For the owner."""
        while not self._waiting.empty():
            self._waiting.get()()
