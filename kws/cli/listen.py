"""`kws listen`: the daemon."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kws.cli.options import parse_thresholds, parse_words

if TYPE_CHECKING:
    from kws.config import ListenConfig

Text = str | None


def listen(
    context: typer.Context,
    model: Annotated[
        Text,
        typer.Option(
            metavar="NAME|DIR", envvar="KWS_MODEL", help="Model to listen with (see `kws models`)."
        ),
    ] = None,
    device: Annotated[
        Text,
        typer.Option(
            metavar="NAME|INDEX", envvar="KWS_DEVICE", help="Microphone (see `kws devices`)."
        ),
    ] = None,
    words: Annotated[
        Text,
        typer.Option(metavar="W,W", envvar="KWS_WORDS", help="Listen for these words only."),
    ] = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X|WORD=X",
            envvar="KWS_THRESHOLD",
            help="Score, 0 to 1, from which a word counts: for all, or for one word. "
            "May be repeated.",
        ),
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, envvar="KWS_CHANNEL", help="Channel to take, counted from 1."
        ),
    ] = None,
    source: Annotated[
        Text,
        typer.Option(
            metavar="mic|FILE|-",
            envvar="KWS_SOURCE",
            help="Listen to the microphone, a recording, or raw 16 kHz 16 bit mono on stdin.",
        ),
    ] = None,
    pace: Annotated[
        bool | None,
        typer.Option("--pace/--no-pace", help="Play a recording in real time, or at full speed."),
    ] = None,
    wait: Annotated[
        bool | None,
        typer.Option(
            "--wait/--no-wait",
            envvar="KWS_WAIT",
            help="Without a microphone at the start, wait for one (as under systemd) or stop.",
        ),
    ] = None,
    events: Annotated[
        Text,
        typer.Option(metavar="ENDPOINT", envvar="KWS_EVENTS", help="Where to publish events."),
    ] = None,
    control: Annotated[
        Text,
        typer.Option(metavar="ENDPOINT", envvar="KWS_CONTROL", help="Where to take requests."),
    ] = None,
    keys: Annotated[
        Text,
        typer.Option(metavar="DIR", envvar="KWS_KEYS", help="CURVE keys (see `kws keygen`)."),
    ] = None,
    insecure: Annotated[
        bool | None,
        typer.Option("--insecure", help="Allow endpoints open to other machines without keys."),
    ] = None,
    save_triggers: Annotated[
        Text,
        typer.Option(
            metavar="DIR",
            envvar="KWS_SAVE_TRIGGERS",
            help="Keep 1.5 s of audio before each detection.",
        ),
    ] = None,
    save_triggers_mb: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Megabytes these may take; the oldest go first."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", envvar="KWS_CONFIG", help="Settings in TOML."),
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the settings in force and stop.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show what the audio libraries have to say.")
    ] = False,
) -> None:
    """Listen for keywords and publish what is heard.

    On a terminal each detection is a line; elsewhere they are only logged.
    Any program can receive them: see `kws subscribe`. Settings come from
    KWS_* variables and a TOML file as well; flags go first. SIGHUP reads
    the settings and the model again.

    Examples:

        kws listen

        kws listen --device "USB" --words yes,no --threshold yes=0.8

        kws listen --source recording.flac

        arecord -q -f S16_LE -r 16000 -c 1 -t raw | kws listen --source -
    """
    flags: dict[str, Any] = {
        "model": model,
        "device": parse_device(device),
        "words": parse_words(words),
        **_thresholds(threshold),
        "channel": channel,
        "source": source,
        "pace": pace,
        "wait": wait,
        "events": events,
        "control": control,
        "keys": keys,
        "insecure": insecure,
        "save_triggers": save_triggers,
        "save_triggers_mb": save_triggers_mb,
    }
    flags = {name: value for name, value in flags.items() if value is not None}
    if show_config:
        from kws.config import read_config

        for line in _describe(read_config(flags, config)):
            typer.echo(line)
        return
    from kws.daemon.arguments import Arguments, become_daemon

    become_daemon(
        Arguments(
            flags=flags,
            config=str(config) if config else None,
            verbose=verbose,
            debug=context.find_root().params["debug"],
        )
    )


def parse_device(text: Text) -> str | int | None:
    """A device by name or, if it is a number, by index."""
    return int(text) if text is not None and text.isdecimal() else text


def _thresholds(texts: list[str] | None) -> dict[str, Any]:
    """The fields `threshold` and `thresholds` that the flags ask for."""
    everything = "*"
    by_word = parse_thresholds(texts, [everything])
    fields: dict[str, Any] = {}
    if everything in by_word:
        fields["threshold"] = by_word.pop(everything)
    if by_word:
        fields["thresholds"] = by_word
    return fields


def _describe(config: "ListenConfig") -> Iterator[str]:
    """The settings as lines of TOML; what is not set as a comment."""
    for field in config.__struct_fields__:
        value = getattr(config, field)
        if value is None:
            yield f"# {field} is not set"
        elif isinstance(value, dict):
            pairs = (f"{json.dumps(word)} = {number}" for word, number in value.items())
            yield f"{field} = {{ {', '.join(pairs)} }}"
        else:
            yield f"{field} = {json.dumps(value)}"
