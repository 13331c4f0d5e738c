"""`kws keygen`: CURVE keys for events over the network."""

from pathlib import Path
from typing import Annotated

import typer


def keygen(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with the keys of the daemon.")
    ],
    client: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make keys for a client of this name.")
    ] = None,
    control: Annotated[
        bool, typer.Option("--control", help="The client may also mute, reload and so on.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the keys of the client; its name if not set."),
    ] = None,
) -> None:
    """Make the keys that a daemon needs to be heard over a network.

    The first call makes those of the daemon, for `kws listen --keys`. Each
    further one with --client makes a folder to be taken to the machine of
    that client, for `kws subscribe --keys`; it is then admitted at once.
    To shut a client out again remove clients/NAME.pub; if it is connected,
    restart the daemon as well.

    Examples:

        kws keygen keys

        kws keygen keys --client kitchen

        kws keygen keys --client desk --control --out /media/stick/desk
    """
    from kws.cli.output import write_line
    from kws.events.keys import ServerKeys, make_client_keys, make_server_keys

    if client is None:
        make_server_keys(folder)
        write_line(f"{folder}: keys of a daemon; `kws keygen {folder} --client NAME` adds a client")
        return
    target = out or Path(client)
    make_client_keys(ServerKeys.load(folder), client, control, target)
    rights = "listen and control" if control else "listen"
    write_line(f"{target}: keys of {client}, who may {rights}; take them to its machine")
