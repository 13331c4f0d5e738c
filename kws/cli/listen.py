"""`kws listen`: the daemon."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kws.cli.completion import complete_model, complete_threshold, complete_words
from kws.cli.options import parse_device, parse_words, split_thresholds

if TYPE_CHECKING:
    from kws.config import ListenConfig

Model = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|DIR",
        envvar="KWS_MODEL",
        autocompletion=complete_model,
        help="Model to listen with (see `kws models`).",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="KWS_NAME",
        help="What the events call this daemon, instead of the name of the host.",
    ),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(metavar="NAME|INDEX", envvar="KWS_DEVICE", help="Microphone (see `kws devices`)."),
]
Words = Annotated[
    str | None,
    typer.Option(
        metavar="W,W",
        envvar="KWS_WORDS",
        autocompletion=complete_words,
        help="Listen for these words only.",
    ),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(
        metavar="X|WORD=X",
        envvar="KWS_THRESHOLD",
        autocompletion=complete_threshold,
        help="Score, 0 to 1, from which a word counts: for all, or for one word. May be repeated.",
    ),
]
Channel = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, envvar="KWS_CHANNEL", help="Channel to take, counted from 1."),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        metavar="mic|FILE|-",
        envvar="KWS_SOURCE",
        help="Listen to the microphone, a recording, or raw 16 kHz 16 bit mono on stdin.",
    ),
]
Pace = Annotated[
    bool | None,
    typer.Option(
        "--pace/--no-pace",
        envvar="KWS_PACE",
        help="Play a recording in real time, or at full speed.",
    ),
]
Wait = Annotated[
    bool | None,
    typer.Option(
        "--wait/--no-wait",
        envvar="KWS_WAIT",
        help="Without a microphone at the start, wait for one (as under systemd) or stop.",
    ),
]
Events = Annotated[
    str | None,
    typer.Option(metavar="ENDPOINT", envvar="KWS_EVENTS", help="Where to publish events."),
]
Control = Annotated[
    str | None,
    typer.Option(metavar="ENDPOINT", envvar="KWS_CONTROL", help="Where to take requests."),
]
Keys = Annotated[
    str | None,
    typer.Option(metavar="DIR", envvar="KWS_KEYS", help="CURVE keys (see `kws keygen`)."),
]
Insecure = Annotated[
    bool | None,
    typer.Option(
        "--insecure",
        envvar="KWS_INSECURE",
        help="Allow endpoints open to other machines without keys.",
    ),
]
SaveTriggers = Annotated[
    str | None,
    typer.Option(
        metavar="DIR", envvar="KWS_SAVE_TRIGGERS", help="Keep 1.5 s of audio before each detection."
    ),
]
SaveTriggersMb = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        envvar="KWS_SAVE_TRIGGERS_MB",
        help="Megabytes these may take; the oldest go first.",
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option(metavar="FILE", envvar="KWS_CONFIG", help="Settings in TOML.")
]
ShowConfig = Annotated[
    bool, typer.Option("--show-config", help="Print the settings in force and stop.")
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show what the audio libraries have to say.")
]


def listen(
    context: typer.Context,
    model: Model = None,
    device: DeviceOption = None,
    words: Words = None,
    threshold: Thresholds = None,
    channel: Channel = None,
    source: SourceOption = None,
    pace: Pace = None,
    wait: Wait = None,
    events: Events = None,
    control: Control = None,
    keys: Keys = None,
    insecure: Insecure = None,
    save_triggers: SaveTriggers = None,
    save_triggers_mb: SaveTriggersMb = None,
    name: Name = None,
    config: ConfigFile = None,
    show_config: ShowConfig = False,
    verbose: Verbose = False,
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
    for_all, by_word = split_thresholds(threshold)
    settings: dict[str, Any] = {
        "model": model,
        "device": parse_device(device),
        "words": parse_words(words),
        "threshold": for_all,
        "thresholds": by_word or None,
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
        "name": name,
    }
    flags = {name: value for name, value in settings.items() if value is not None}
    if show_config:
        from kws.cli.output import write_line
        from kws.config import read_config

        for line in _describe(read_config(flags, config)):
            write_line(line)
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
