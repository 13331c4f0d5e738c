"""Asking the daemon: one request, one typed answer."""

from contextlib import ExitStack
from typing import Self, TypeVar

import msgspec
import zmq

from kws import errors
from kws.errors import KwsError, NoDaemonError
from kws.events.client.connection_watch import ConnectionWatch
from kws.events.keys import ClientKeys
from kws.events.requests import Refusal, ReplyBase, RequestBase

AnswerT = TypeVar("AnswerT", bound=ReplyBase)


class ControlClient:
    """A connection to the control socket.  For one thread."""

    def __init__(self, endpoint: str, keys: ClientKeys | None = None, timeout: float = 3.0) -> None:
        """Connect; ``timeout`` is how many seconds an answer may take."""
        self.endpoint = endpoint
        self._timeout = timeout
        with ExitStack() as stack:
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            stack.callback(context.term)
            self._socket = stack.enter_context(context.socket(zmq.REQ))
            self._socket.linger = 0
            # An answer that comes too late must not be taken for the next one.
            self._socket.setsockopt(zmq.REQ_RELAXED, 1)
            self._socket.setsockopt(zmq.REQ_CORRELATE, 1)
            if keys is not None:
                keys.secure(self._socket)
            self._watch = ConnectionWatch(self._socket)
            stack.callback(self._watch.close)
            self._socket.connect(endpoint)
            self._open = stack.pop_all()

    def ask(self, request: RequestBase, answer: type[AnswerT]) -> AnswerT:
        """Send ``request`` and return the answer, which must be of the type ``answer``.

        Raises the error that the daemon reports (a `KwsError`), or `NoDaemonError` when no answer
        comes in time or what comes is not an answer.
        """
        self._socket.send(msgspec.json.encode(request))
        if not self._socket.poll(int(1000 * self._timeout)):
            raise NoDaemonError(self._watch.explain(self.endpoint, self._timeout))
        body = self._socket.recv()
        try:
            reply: AnswerT | Refusal = msgspec.json.decode(body, type=answer | Refusal)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NoDaemonError(
                f"what answers at {self.endpoint} is no daemon of this version: {error}"
            ) from error
        if isinstance(reply, Refusal):
            raise _as_error(reply)
        return reply

    def close(self) -> None:
        """Close the connection."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _as_error(refusal: Refusal) -> KwsError:
    kind = getattr(errors, refusal.code, None)
    if not (isinstance(kind, type) and issubclass(kind, KwsError)):
        kind = KwsError
    return kind(refusal.detail or refusal.code or "refused")
