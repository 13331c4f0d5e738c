"""`kws replay`: which words are spoken when in recordings."""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kws.cli.options import (
    ChannelOption,
    ModelOption,
    ThresholdOption,
    WordsOption,
    parse_thresholds,
    parse_words,
)
from kws.cli.talk import say
from kws.cli.times import parse_time
from kws.errors import AudioFileError
from kws.replay.replay import Stretch

if TYPE_CHECKING:
    from kws.audio.files import Recording
    from kws.cli.reports import Report
    from kws.replay.picture import Picture
    from kws.samples import Samples
    from kws.spotting.spotter import Spotter

_QUICK_BLOCK = 1 << 13
"""Frames: where nobody waits for the next word, larger blocks save a sixth of the time."""


def replay(
    recordings: Annotated[
        list[str],
        typer.Argument(metavar="FILE|DIR|-", help="Recordings, folders of them, or - for stdin."),
    ],
    model: ModelOption = None,
    threshold: ThresholdOption = None,
    words: WordsOption = None,
    channel: ChannelOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per detection and line.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="Draw waveform, scores and detections of a recording."),
    ] = None,
    start: Annotated[
        float | None,
        typer.Option(
            "--from",
            metavar="TIME",
            parser=parse_time,
            help="Show only what is said from this time on (106.3, or 1:46.3).",
        ),
    ] = None,
    end: Annotated[
        float | None,
        typer.Option(
            "--to", metavar="TIME", parser=parse_time, help="Show only what is said before it."
        ),
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Take as long as the recording lasts.")
    ] = False,
    publish: Annotated[
        str | None,
        typer.Option(
            metavar="ENDPOINT", help="Publish detections as events, too, once somebody subscribes."
        ),
    ] = None,
) -> None:
    """Find keywords in recordings.

    The recordings go through the same chain as the microphone, as fast as
    the machine can, and each from fresh state. WAV, FLAC, Ogg, Opus and
    MP3 at any sample rate; channels are mixed unless --channel picks one.
    From stdin come WAV, FLAC, Ogg or raw 16 kHz 16 bit mono samples.

    With --from or --to each recording is heard from its beginning all the
    same, because what comes before a word matters to the network; the
    table, the JSON, the picture and what is published are cut. A word
    belongs where its middle lies. Times count from the beginning of the
    recording; --realtime begins at --from.

    A recording that cannot be read is reported on stderr and in the exit
    code; the others are still replayed.

    Examples:

        kws replay examples/recording/commands.flac

        kws replay --json recordings/ > detections.jsonl

        kws replay --words yes,no --threshold 0.7 --threshold no=0.9 a.opus

        kws replay --plot picture.png commands.flac

        kws replay --plot moment.png --from 1:46 --to 1:54 commands.flac

        kws replay --publish tcp://127.0.0.1:5570 commands.flac

        arecord -f S16_LE -r 16000 -c 1 -t raw | kws replay -
    """
    from kws.audio.files import STDIN, open_recording
    from kws.cli.reports import JsonReport, TableReport
    from kws.replay.picture import Picture, check_picture
    from kws.spotting.model import load_model
    from kws.spotting.spotter import Spotter

    if plot is not None:
        if len(recordings) != 1 or Path(recordings[0]).is_dir():
            raise typer.BadParameter("--plot draws one recording: name exactly one")
        check_picture(plot)
    stretch = Stretch(start or 0.0, math.inf if end is None else end)
    if stretch.end <= stretch.start:
        raise typer.BadParameter(f"--to {end:g} s must lie behind --from {stretch.start:g} s")
    loaded = load_model(model)
    wanted = parse_words(words)
    thresholds = parse_thresholds(threshold, wanted or loaded.words)
    table = JsonReport() if as_json else TableReport(stretch)
    report: Report = table
    failures: list[AudioFileError] = []
    with ExitStack() as stack:
        if publish is not None:
            from kws.cli.publishing import PublishingReport

            report = stack.enter_context(PublishingReport(report, publish, loaded))
        for name in _names(recordings, failures):
            spotter = Spotter(loaded, words=wanted, thresholds=thresholds)
            picture = Picture(spotter, name, stretch) if plot is not None else None
            if picture is None and isinstance(table, TableReport):
                table.watch(spotter)
            try:
                block = None if realtime or name == STDIN else _QUICK_BLOCK
                with open_recording(name, channel, block) as recording, report.recording(recording):
                    _replay_one(recording, spotter, report, stretch, picture, realtime)
            except AudioFileError as error:
                _complain(error, failures)
            if plot is not None and picture is not None and not picture.empty:
                picture.draw(plot)
    if failures:
        raise typer.Exit(failures[0].exit_code)


def _names(arguments: Sequence[str], failures: list[AudioFileError]) -> Iterator[str]:
    """The recordings that the arguments stand for, a folder's looked up when its turn comes."""
    from kws.audio.files import list_recordings

    for argument in arguments:
        try:
            yield from list_recordings(argument)
        except AudioFileError as error:
            _complain(error, failures)


def _complain(error: AudioFileError, failures: list[AudioFileError]) -> None:
    say(str(error))
    failures.append(error)


def _replay_one(
    recording: "Recording",
    spotter: "Spotter",
    report: "Report",
    stretch: Stretch,
    picture: "Picture | None",
    realtime: bool,
) -> None:
    from kws.cli.reports import warn_of_nonfinite
    from kws.replay.replay import replay

    def on_block(samples: "Samples") -> None:
        report.progress(recording)
        if picture is not None:
            picture.add_samples(samples)

    if picture is not None:
        spotter.stream.observer = picture.add_row
    rate = spotter.model.spec.features.sample_rate
    for detection in replay(
        recording, spotter, stretch=stretch, realtime=realtime, on_block=on_block
    ):
        if stretch.holds_word(detection, rate):
            report.detection(recording, detection, rate)
        if picture is not None:
            picture.add_detection(detection)
    warn_of_nonfinite(recording)
