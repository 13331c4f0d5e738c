"""A request to a running daemon."""

from pathlib import Path
from typing import TYPE_CHECKING

from kws.cli.output import write_line
from kws.cli.talk import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kws.cli.answer_lines import Answer
    from kws.events.requests import RequestBase


def ask(
    request: "RequestBase",
    answer: "type[Answer]",
    control: str | None,
    keys: Path | None,
    as_json: bool,
) -> None:
    """Ask the daemon and print its answer; see `ask_each`."""
    ask_each([request], answer, control, keys, as_json)


def ask_each(
    requests: "Iterable[RequestBase]",
    answer: "type[Answer]",
    control: str | None,
    keys: Path | None,
    as_json: bool,
) -> None:
    """Ask the daemon one thing after the other, and print each answer as it comes.

    Args:
        answer: what the daemon answers to each unless it refuses.
        control: endpoint to ask at; if not given the daemon is looked for, and named on stderr.
        keys: folder with the CURVE keys of this client.
        as_json: print a line of JSON, not lines for a person.

    Raises:
        KwsError: there is no daemon, or it refuses.
        OutputError: the answer cannot be printed.
    """
    import msgspec

    from kws.cli.answer_lines import answer_lines
    from kws.events.client.control_client import ControlClient
    from kws.events.client.search import find_daemon
    from kws.events.keys import ClientKeys

    loaded = ClientKeys.load(keys) if keys else None
    endpoint = find_daemon("control", control=control).control
    if control is None:
        say(f"asking {endpoint}")
    with ControlClient(endpoint, loaded) as client:
        for request in requests:
            reply = client.ask(request, answer)
            for line in [msgspec.json.encode(reply).decode()] if as_json else answer_lines(reply):
                write_line(line)
