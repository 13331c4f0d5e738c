"""Damaged recordings: refused in one line or heard, within bounds."""

import contextlib
import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kws.audio.files import open_recording
from kws.corpus.decoding import decode_folder
from kws.errors import AudioFileError
from kws.spotting.model import Model
from kws.spotting.spotter import Spotter
from tests.support.mutations import Edit, bounded, check_message, edited, edits

RECORDING = Path(__file__).parents[2] / "examples" / "recording" / "commands.flac"
FORMATS = (
    ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAV", "IMA_ADPCM"), ("WAVEX", "PCM_24"),
    ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
    ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"), ("W64", "PCM_16"),
)  # fmt: skip
FRAMES = 8000

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@cache
def encoded(container: str, subtype: str) -> bytes:
    """Half a second of the bundled recording."""
    samples, rate = soundfile.read(RECORDING, frames=FRAMES, start=18000)
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize(("container", "subtype"), FORMATS)
@quick
@given(changes=edits(), channel=st.sampled_from((None, 1, 2)))
def test_a_damaged_recording_is_heard_or_refused(
    tiny_model: Model,
    tmp_path: Path,
    container: str,
    subtype: str,
    changes: list[Edit],
    channel: int | None,
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(edited(encoded(container, subtype), changes))
    spotter = Spotter(tiny_model)
    with bounded():
        try:
            with open_recording(path, channel) as recording:
                for block in recording:
                    assert (block.dtype, block.ndim) == (np.dtype(np.float32), 1)
                    spotter.feed(block)
        except AudioFileError as error:
            check_message(error)
    assert str(path) not in open_files()


@quick
@given(content=st.binary(max_size=3000), magic=st.sampled_from((b"", b"RIFF", b"fLaC", b"OggS")))
def test_bytes_that_are_no_recording(tmp_path: Path, content: bytes, magic: bytes) -> None:
    path = tmp_path / "noise"
    path.write_bytes(magic + content)
    with bounded():
        try:
            with open_recording(path) as recording:
                assert sum(map(len, recording)) > 0
        except AudioFileError as error:
            check_message(error)


@quick
@given(format=st.sampled_from(FORMATS), changes=edits())
def test_a_damaged_recording_from_a_pipe(format: tuple[str, str], changes: list[Edit]) -> None:
    reading_end, writing_end = os.pipe()
    # What fits the pipe's buffer needs no thread that writes.
    os.write(writing_end, edited(encoded(*format), changes)[: 1 << 16])
    os.close(writing_end)
    try:
        with bounded(), open_recording(f"/dev/fd/{reading_end}") as recording:
            for block in recording:
                assert (block.dtype, block.ndim) == (np.dtype(np.float32), 1)
    except AudioFileError as error:
        check_message(error)
    finally:
        os.close(reading_end)


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16")])
@quick
@given(changes=edits())
def test_a_damaged_clip_is_decoded_for_training_or_left_out(
    tmp_path: Path, container: str, subtype: str, changes: list[Edit]
) -> None:
    path = tmp_path / "clips" / "clip.flac"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(edited(encoded(container, subtype), changes))
    for stale in tmp_path.glob("cache/*"):
        stale.unlink()
    with bounded():
        decoded = decode_folder(path.parent, [path.name], tmp_path / "cache")
    assert (len(decoded[0]) > 0) != (path.name in decoded.corrupt)


def open_files() -> set[str]:
    """What this process holds open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            found.add(str(descriptor.readlink()))
    return found
