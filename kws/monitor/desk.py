"""Asks the daemon's control socket without ever waiting for it."""

from collections.abc import Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from kws.errors import KwsError, NoDaemonError
from kws.events.client.control_client import ControlClient
from kws.events.keys import ClientKeys
from kws.events.requests import (
    Describe,
    Description,
    Mute,
    Muting,
    ReplyBase,
    SetThreshold,
    ThresholdSet,
    Unmute,
)

MonitorRequest = Describe | Mute | Unmute | SetThreshold

_PATIENCE_SECONDS = 2.0
_ANSWERS: dict[type[MonitorRequest], type[ReplyBase]] = {
    Describe: Description,
    Mute: Muting,
    Unmute: Muting,
    SetThreshold: ThresholdSet,
}


class Answer(NamedTuple):
    """What became of a request: a reply, or why there is none."""

    request: MonitorRequest
    reply: ReplyBase | KwsError


class Desk:
    """Sends one request after the other in a thread of its own; all else is for one thread.

    A request that still waits is replaced by a newer one of its kind, so a key that is held down
    does not queue up behind a slow daemon.

    Args:
        endpoint: of the control socket; "" if it is not known.
        keys: of this client, if the daemon uses CURVE.
    """

    def __init__(self, endpoint: str, keys: ClientKeys | None) -> None:
        self._endpoint = endpoint
        self._keys = keys
        self._waiting: dict[Hashable, MonitorRequest] = {}
        self._asked: tuple[MonitorRequest, Future[ReplyBase]] | None = None
        self._executor = ThreadPoolExecutor(1, "control")
        self._client: ControlClient | None = None
        """Belongs to that thread."""

    @property
    def known(self) -> bool:
        """Whether there is a control socket to ask at."""
        return bool(self._endpoint)

    def ask(self, request: MonitorRequest) -> None:
        """Ask soon; the answer is one of `answers`."""
        kind = _kind(request)
        # At the end of the queue, or a change would overtake a save that was asked for before it.
        self._waiting.pop(kind, None)
        self._waiting[kind] = request
        self._send_next()

    def answers(self) -> list[Answer]:
        """The answers that came since the last call."""
        answers = []
        while self._asked is not None and self._asked[1].done():
            answers.append(self._take())
            self._send_next()
        return answers

    def close(self) -> list[Answer]:
        """Ask what still waits, as long as the daemon answers, and hang up.

        Returns:
            the answers that nobody has seen yet.
        """
        self._waiting.pop(Describe, None)
        answers = []
        self._send_next()
        while self._asked is not None:
            answers.append(self._take())
            if isinstance(answers[-1].reply, NoDaemonError):
                answers += [Answer(r, answers[-1].reply) for r in self._waiting.values()]
                break
            self._send_next()
        self._executor.submit(self._hang_up)
        self._executor.shutdown()
        return answers

    def _send_next(self) -> None:
        if self._asked is None and self._waiting:
            request = self._waiting.pop(next(iter(self._waiting)))
            self._asked = request, self._executor.submit(self._carry_out, request)

    def _take(self) -> Answer:
        """Wait for the answer to the request that was sent."""
        assert self._asked is not None
        (request, future), self._asked = self._asked, None
        try:
            return Answer(request, future.result())
        except KwsError as error:
            return Answer(request, error)

    def _carry_out(self, request: MonitorRequest) -> ReplyBase:
        """In the thread: ask, and wait for the answer."""
        if self._client is None:
            self._client = ControlClient(self._endpoint, self._keys, _PATIENCE_SECONDS)
        try:
            return self._client.ask(request, _ANSWERS[type(request)])
        except NoDaemonError:
            # ZeroMQ would deliver the request, which has failed by now, to the next daemon.
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _kind(request: MonitorRequest) -> Hashable:
    """Requests of one kind replace each other."""
    if isinstance(request, SetThreshold):
        return request.keyword, request.save
    return type(request)
