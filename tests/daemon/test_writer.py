"""Lines for readers who may have stopped reading."""

import fcntl
import os
import threading
from collections.abc import Iterator

import pytest

from kws.daemon.writer import LineWriter
from tests.support.listener import wait_for

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Reading and writing end; holds 4 kB."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def read_all(reading: int, until: bytes) -> list[str]:
    data = b""
    while until not in data:
        data += os.read(reading, 65536)
    return data.decode().splitlines()


def test_lines_come_in_order_and_all_are_written_at_the_end(pipe: Pipe) -> None:
    reading, writing = pipe
    with LineWriter(writing) as writer:
        for number in range(100):
            writer.write(f"line {number}")
        writer.write("a name that is no text: \udcff")
    lines = read_all(reading, b"udcff\n")
    assert lines[:-1] == [f"line {number}" for number in range(100)]
    assert lines[-1].endswith("\\udcff")


def test_without_a_reader_nobody_waits_and_what_is_left_out_is_counted(pipe: Pipe) -> None:
    reading, writing = pipe
    heard: list[str] = []
    with LineWriter(writing) as writer:
        for number in range(3000):
            writer.write(f"{number:099d}")
        reader = threading.Thread(target=lambda: heard.extend(read_all(reading, b"left out")))
        reader.start()
        wait_for("the reader to have read all", lambda: not reader.is_alive())
    numbers = [int(line) for line in heard if line.isdigit()]
    assert numbers == sorted(numbers)
    assert heard[-1].startswith(f"{3000 - len(numbers)} lines were left out")


def test_it_ends_although_nobody_reads(pipe: Pipe) -> None:
    reading, writing = pipe
    with LineWriter(writing) as writer:
        for number in range(3000):
            writer.write(f"{number:099d}")
    assert writer._thread.is_alive(), "it hangs, and was left behind"
    read_all(reading, b"left out")
    wait_for("the thread to go on", writer._lines.empty)


def test_a_reader_who_is_gone_does_no_harm() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with LineWriter(writing) as writer:
        writer.write("for nobody")
    assert not writer._thread.is_alive()
    os.close(writing)
