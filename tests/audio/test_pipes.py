"""Sound from a pipe: what it is, and that it is not waited for."""

import io
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile

from kws.audio.files import Recording
from kws.audio.pipes import open_pipe

SOUND = np.random.default_rng(8).integers(-8000, 8000, 16000).astype(np.int16)
SAMPLES = SOUND.astype(np.float32) / 32768


@contextmanager
def pipe_of(content: bytes) -> Iterator[int]:
    """The reading end of a pipe into which somebody writes `content`."""
    reading_end, writing_end = os.pipe()

    def write() -> None:
        with os.fdopen(writing_end, "wb") as pipe:
            pipe.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    yield reading_end
    writer.join()


def encoded(format: str, subtype: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(
        file, SAMPLES if subtype == "FLOAT" else SOUND, 16000, format=format, subtype=subtype
    )
    return file.getvalue()


def read(content: bytes) -> np.ndarray:
    with pipe_of(content) as source, open_pipe(source) as sound:
        return np.concatenate(list(Recording(sound, "-")))


@pytest.mark.parametrize(
    "content",
    [
        SOUND.astype("<i2").tobytes(),
        SOUND.astype("<i2").tobytes() + b"x",
        encoded("WAV", "PCM_16"),
        encoded("WAV", "PCM_24"),
        encoded("WAV", "FLOAT"),
        encoded("FLAC", "PCM_16"),
    ],
    ids=["raw", "raw with half a sample", "wav", "wav 24 bit", "wav float", "flac"],
)
def test_lossless_sound_comes_through(content: bytes) -> None:
    np.testing.assert_array_equal(read(content), SAMPLES)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_comes_through_as_from_a_file(subtype: str) -> None:
    content = encoded("OGG", subtype)
    from_file = soundfile.read(io.BytesIO(content), dtype="float32")[0]
    np.testing.assert_array_equal(read(content), from_file)


def test_a_wav_header_without_length_is_understood() -> None:
    header = bytearray(encoded("WAV", "PCM_16")[:44])
    header[4:8] = header[40:44] = struct.pack("<I", 0xFFFFFFFF)
    content = bytes(header) + SOUND.astype("<i2").tobytes()
    np.testing.assert_array_equal(read(content), SAMPLES)


@pytest.mark.parametrize("header", [b"", encoded("WAV", "PCM_16")[:44]], ids=["raw", "wav"])
def test_an_endless_stream_is_heard_while_it_comes(header: bytes) -> None:
    reading_end, writing_end = os.pipe()
    second = SOUND.astype("<i2").tobytes()
    os.write(writing_end, header + second[:8000])
    with open_pipe(reading_end) as sound:
        blocks = iter(Recording(sound, "-"))
        # Nothing more is written before these have come: waiting for the end would block here.
        first = np.concatenate([next(blocks), next(blocks)])
        os.write(writing_end, second[8000:])
        os.close(writing_end)
        np.testing.assert_array_equal(np.concatenate([first, *blocks]), SAMPLES)


def test_closing_early_ends_the_copying() -> None:
    reading_end, writing_end = os.pipe()
    os.write(writing_end, bytes(3200))
    sound = open_pipe(reading_end)
    sound.read(100)
    sound.close()
    copiers = [thread for thread in threading.enumerate() if thread.name == "kws-pipe"]
    # The copier learns of it when it next has something to hand on.
    os.write(writing_end, bytes(3200))
    for copier in copiers:
        copier.join(timeout=30)
    assert copiers
    assert not any(copier.is_alive() for copier in copiers)
    os.close(writing_end)
