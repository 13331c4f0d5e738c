"""What the MP3 decoder says is not for the user."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.audio.files import open_recording
from kws.descriptors import silenced_output


def test_a_damaged_mp3_is_read_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.random.default_rng(1).uniform(-0.5, 0.5, 48000), 16000)
    content = bytearray(path.read_bytes())
    content[3000:3400] = bytes(400)
    path.write_bytes(content[:-3000])
    with open_recording(path) as recording:
        assert sum(len(block) for block in recording) > 16000
    assert capfd.readouterr().err == ""


def test_stderr_speaks_again_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    with silenced_output():
        os.write(2, b"unheard\n")
    os.write(2, b"heard\n")
    with pytest.raises(ZeroDivisionError), silenced_output():
        os.write(2, 1 // 0 * b"unheard")
    os.write(2, b"heard again\n")
    assert capfd.readouterr().err == "heard\nheard again\n"


def test_what_c_has_buffered_for_stdout_is_thrown_away() -> None:
    """As libsndfile does it: printf, which writes to a pipe only when its buffer is full."""
    program = (
        "import ctypes; from kws.descriptors import silenced_output; libc = ctypes.CDLL(None)\n"
        "libc.printf(b'before\\n')\n"
        "libc.fflush(None)\n"
        "with silenced_output(): libc.printf(b'Ooops!\\n')\n"
        "libc.printf(b'after\\n'); libc.fflush(None)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert result.stdout == b"before\nafter\n"
