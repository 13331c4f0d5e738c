"""Options of the commands that talk to a running daemon."""

from pathlib import Path
from typing import Annotated

import typer

EventsOption = Annotated[
    str | None,
    typer.Option("--events", metavar="ENDPOINT", help="Where the daemon publishes."),
]
ControlOption = Annotated[
    str | None,
    typer.Option("--control", metavar="ENDPOINT", help="Where the daemon takes requests."),
]
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", metavar="DIR", help="Folder with the CURVE keys of this client."),
]
