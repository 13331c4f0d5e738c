"""The server side of the control socket: bytes of a request in, bytes of an answer out.

Nothing that a client sends may raise here: whatever cannot be understood is answered with a
`Refusal`.
"""

import logging
from collections.abc import Callable, Sequence

import msgspec

from kws.errors import KwsError
from kws.events.keys import ServerKeys
from kws.events.requests import (
    LARGEST_REQUEST,
    Describe,
    HandledRequest,
    Ping,
    Pong,
    Refusal,
    Reply,
    Request,
    Snapshot,
    TakeSnapshot,
)

logger = logging.getLogger(__name__)

Handler = Callable[[HandledRequest], Reply]
"""Carries a request out on the socket thread, so quickly; a `KwsError` it raises is the answer."""

_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


class ControlDesk:
    """Understands requests, checks who may ask, and lets `handler` do the work.

    With ``keys``, only the clients of their ``control.allow`` may change anything; all others
    may describe, snapshot and ping, which a subscriber needs.
    """

    def __init__(
        self,
        boot: str,
        handler: Handler,
        snapshot: Callable[[], Snapshot],
        keys: ServerKeys | None,
    ) -> None:
        self._boot = boot
        self._keys = keys
        self._handler = handler
        self._snapshot = snapshot

    def answer(self, frames: Sequence[bytes | memoryview], client: bytes) -> bytes:
        """The answer to the body frames of one message from the owner of a public key."""
        reply = self._reply(frames, client)
        try:
            return msgspec.json.encode(reply)
        except UnicodeEncodeError as error:  # the name of a file or device that is no text
            return msgspec.json.encode(Refusal(code="unsendable", detail=str(error)))

    def _reply(self, frames: Sequence[bytes | memoryview], client: bytes) -> Reply:
        if len(frames) != 1:
            return Refusal(code="malformed", detail=f"a request is 1 frame, not {len(frames)}")
        size = len(frames[0])
        if size > LARGEST_REQUEST:
            detail = f"{size} bytes where a request may have {LARGEST_REQUEST}"
            return Refusal(code="too_large", detail=detail)
        try:
            request = _decoder.decode(frames[0])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Refusal(code="malformed", detail=f"malformed request: {error}")
        return self._carry_out(request, client)

    def _carry_out(self, request: Request, client: bytes) -> Reply:
        if isinstance(request, Ping):
            return Pong(boot=self._boot)
        if isinstance(request, TakeSnapshot):
            return self._snapshot()
        may_change = self._keys is None or self._keys.may_control(client)
        if not (may_change or isinstance(request, Describe)):
            return Refusal(
                code="forbidden",
                detail="this client may listen only: the daemon's control.allow does not name it",
            )
        try:
            return self._handler(request)
        except KwsError as error:
            logger.warning("refused %s: %s", request, error)
            return Refusal(code=type(error).__name__, detail=str(error))
