"""What the monitor asks of the daemon's control socket."""

from kws.errors import KwsError
from kws.events.client.control_client import ControlClient
from kws.events.keys import ClientKeys
from kws.events.requests import Describe, Description, Mute, Muting, RequestBase, Unmute
from kws.monitor.state import MonitorState

_PATIENCE_SECONDS = 1.0
"""The view stands still while an answer is awaited."""


class Desk:
    """Asks, and puts answers and refusals into `state`.

    Args:
        endpoint: of the control socket; "" if it is not known.
        keys: of this client, if the daemon uses CURVE.
    """

    def __init__(self, endpoint: str, keys: ClientKeys | None, state: MonitorState) -> None:
        self._endpoint = endpoint
        self._keys = keys
        self._state = state

    def describe(self) -> None:
        """Learn model and thresholds; without a control socket they come with the detections."""
        if not self._endpoint:
            return
        try:
            with self._client() as client:
                self._state.describe(client.ask(Describe(), Description))
        except KwsError as error:
            self._state.say(f"model and thresholds are unknown: {error}")

    def toggle_mute(self) -> None:
        """Mute the daemon, or withdraw the reason ``user`` that `kws ctl mute` gives as well."""
        muted = self._state.state == "muted"
        request: RequestBase = Unmute() if muted else Mute()
        if not self._endpoint:
            self._state.say("no control socket is known: name it with --control")
            return
        try:
            with self._client() as client:
                reasons = client.ask(request, Muting).reasons
        except KwsError as error:
            self._state.say(str(error))
            return
        if muted and reasons:
            self._state.say(f"still muted for {', '.join(reasons)}: kws ctl unmute --all")

    def _client(self) -> ControlClient:
        return ControlClient(self._endpoint, self._keys, _PATIENCE_SECONDS)
