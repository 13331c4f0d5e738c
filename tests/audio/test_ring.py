"""The ring buffer: a model, real threads at full speed, and a GIL that is held."""

import sys
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.audio.ring import RingBuffer


def ramp(start: int, count: int) -> np.ndarray:
    """Samples that say their own position; float32 is exact up to 2**24."""
    return np.arange(start, start + count, dtype=np.float32)


operations = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 40)),
        st.tuples(st.just("read"), st.integers(1, 40)),
    ),
    max_size=60,
)


@given(capacity=st.integers(1, 30), piece=st.integers(1, 9), operations=operations)
def test_against_a_plain_list(capacity: int, piece: int, operations: list[tuple[str, int]]) -> None:
    """Whatever is written and read, it acts like the tail of a list."""
    ring = RingBuffer(capacity, piece)
    written: list[float] = []
    position = 0
    for name, count in operations:
        if name == "write":
            samples = ramp(len(written), count)
            ring.write(samples)
            written.extend(samples.tolist())
        else:
            first = max(position, len(written) - capacity)
            expected = written[first : first + count]
            samples, lost = ring.read(count)
            assert samples.tolist() == expected
            assert lost == first - position
            position = first + len(expected)
        assert ring.written == len(written)
        assert ring.read_position == position


def test_takes_a_column_of_an_interleaved_block() -> None:
    ring = RingBuffer(10)
    ring.write(np.stack((ramp(0, 5), ramp(100, 5)), axis=1)[:, 1])
    samples, lost = ring.read(10)
    assert samples.tolist() == [100, 101, 102, 103, 104]
    assert lost == 0


def test_what_was_read_is_not_changed_by_later_writes() -> None:
    ring = RingBuffer(4, piece=2)
    ring.write(ramp(0, 4))
    samples, _ = ring.read(4)
    ring.write(ramp(50, 20))
    assert samples.tolist() == [0, 1, 2, 3]


def test_wait_tells_whether_there_is_something() -> None:
    ring = RingBuffer(10)
    assert not ring.wait(0.001)
    ring.write(ramp(0, 1))
    assert ring.wait(0)
    ring.read(10)
    assert not ring.wait(0)


def test_an_announcement_of_what_was_read_already_does_not_end_the_wait() -> None:
    ring = RingBuffer(10)
    ring.write(ramp(0, 1))
    ring.read(10)
    begin = time.monotonic()
    assert not ring.wait(0.05)
    assert time.monotonic() - begin >= 0.05


def test_wait_is_ended_by_the_writer() -> None:
    ring = RingBuffer(10)
    heard = threading.Event()

    def reader() -> None:
        assert ring.wait(60)
        heard.set()

    thread = threading.Thread(target=reader)
    thread.start()
    ring.write(ramp(0, 1))
    assert heard.wait(30)
    thread.join()


class Meddled(np.ndarray):
    """Memory in which the other thread gets its turn in the middle of a copy."""

    on_read: Callable[[], None] | None = None
    on_write: Callable[[], None] | None = None

    def copy(self, order: str = "C") -> np.ndarray:  # type: ignore[override]
        if Meddled.on_read:
            action, Meddled.on_read = Meddled.on_read, None
            action()
        return np.array(self)

    def __setitem__(self, where: slice, values: np.ndarray) -> None:  # type: ignore[override]
        super().__setitem__(where, values)
        if Meddled.on_write:
            Meddled.on_write()


def meddled_ring(capacity: int, piece: int) -> RingBuffer:
    ring = RingBuffer(capacity, piece)
    ring._memory = ring._memory.view(Meddled)
    return ring


def test_what_the_writer_overtakes_during_a_copy_counts_as_lost() -> None:
    ring = meddled_ring(capacity=10, piece=4)
    ring.write(ramp(0, 10))
    Meddled.on_read = lambda: ring.write(ramp(10, 7))
    samples, lost = ring.read(10)
    assert (samples.tolist(), lost) == ([7, 8, 9], 7)
    samples, lost = ring.read(10)
    assert (samples.tolist(), lost) == (ramp(10, 7).tolist(), 0)


def test_a_read_in_the_middle_of_a_write_sees_only_finished_samples() -> None:
    ring = meddled_ring(capacity=10, piece=4)
    ring.write(ramp(0, 12))
    seen: list[tuple[list[float], int]] = []

    def read() -> None:
        samples, lost = ring.read(20)
        seen.append((samples.tolist(), lost))

    Meddled.on_write = read
    ring.write(ramp(12, 4))
    Meddled.on_write = None
    assert seen[0] == (ramp(2, 10).tolist(), 2)


@pytest.mark.parametrize("capacity", [64, 700, 100_000])
def test_threads_at_full_speed(capacity: int) -> None:
    """A writer that never waits against a reader: each sample is read once or counted as lost."""
    total = 2_000_000
    ring = RingBuffer(capacity, piece=512)
    rng = np.random.default_rng(capacity)
    sizes = rng.integers(1, 2000, 4000)

    def write() -> None:
        position = 0
        for size in sizes:
            count = min(int(size), total - position)
            ring.write(ramp(position, count))
            position += count
        assert position == total

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    writer = threading.Thread(target=write)
    try:
        writer.start()
        expected, losses = 0, 0
        while expected < total:
            assert ring.wait(60)
            samples, lost = ring.read(1500)
            expected += lost
            losses += lost
            np.testing.assert_array_equal(samples, ramp(expected, len(samples)))
            expected += len(samples)
        writer.join()
    finally:
        sys.setswitchinterval(interval)
    assert expected == total == ring.written
    if capacity == 64:
        assert losses > 0, "this writer is far faster than any reader of 64 samples"


def test_held_gil_loses_nothing_within_the_capacity() -> None:
    """Another thread keeps the GIL for 50 ms at a time: late, but complete."""
    rate, block = 16000, 320
    ring = RingBuffer(2 * rate)
    total = 50 * block

    def write() -> None:
        """Like a callback: a block every 20 ms, all those that are due when it was held up."""
        start = time.monotonic()
        while ring.written < total:
            due = min(total, int((time.monotonic() - start) * rate) // block * block)
            ring.write(ramp(ring.written, due - ring.written))
            time.sleep(0.005)

    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                pass
            stop.wait(0.01)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.05)
    threads = [threading.Thread(target=write), threading.Thread(target=hold)]
    try:
        for thread in threads:
            thread.start()
        parts = []
        while ring.read_position < total:
            ring.wait(30)
            samples, lost = ring.read(block)
            assert lost == 0
            parts.append(samples)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    np.testing.assert_array_equal(np.concatenate(parts), ramp(0, total))
