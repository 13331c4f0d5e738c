"""`benchmarks/peers.py` as far as it goes without a network."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks import peers
from benchmarks.peer_results import WORDS, Failure, Result, score, table
from benchmarks.peers import PEERS, Peer, PeerError

RESULT = Result(
    name="a library", chunk_ms=80, words=10, factor=0.0123, factor_median=0.0145,
    start_up_cpu=0.25, start_up_wall=0.5, peak_mb=41, install_mb=99, distributions=7,
    found=60, false_alarms=3,
)  # fmt: skip


@pytest.fixture
def raw(tmp_path: Path, noise: np.ndarray) -> str:
    """A recording as the programs want it."""
    path = tmp_path / "noise.raw"
    (noise * 8000).astype("<i2").tofile(path)
    return str(path)


def test_the_help_is_the_explanation() -> None:
    command = [sys.executable, "-m", "benchmarks.peers", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "Real-time factor: CPU seconds per second of audio" in shown


def test_every_peer_has_its_program() -> None:
    assert len({peer.name for peer in PEERS}) == len(PEERS)
    for peer in PEERS:
        assert (peers.LISTENERS / peer.program).is_file()


def test_the_program_of_kws_tells_its_cost(raw: str) -> None:
    figures = peers.run(PEERS[0], Path(sys.executable), raw)
    assert figures["chunk"] == 1280
    assert figures["words"] == len(WORDS)
    assert figures["factor"] > 0
    assert figures["start_up_cpu"] > 0
    assert figures["start_up_wall"] > 0
    assert figures["peak_kib"] > 10_000


def test_a_program_that_fails_is_told_by_its_last_line(raw: str) -> None:
    broken = Peer("broken", "nothing", "listen_kws.py", ("many",))
    with pytest.raises(PeerError, match=r"^ValueError: invalid literal .* 'many'$"):
        peers.run(broken, Path(sys.executable), raw)


def test_what_cannot_be_installed_is_a_row_that_says_so(tmp_path: Path) -> None:
    missing = Peer("missing", f"{tmp_path}/missing-1.0-py3-none-any.whl", "listen_kws.py")
    [row] = peers.compare([missing], tmp_path, Path("constraints.txt"), rounds=2)
    assert isinstance(row, Failure)
    assert row.name == "missing"
    assert "missing-1.0-py3-none-any.whl" in row.error


def test_the_least_and_the_median_of_all_rounds() -> None:
    installed = peers.Install(Path(sys.executable), 12.0, 3)
    rounds = [
        {"chunk": 160, "words": 0, "factor": factor, "start_up_cpu": factor * 10,
         "start_up_wall": 1.0, "peak_kib": 1000, "detections": []}
        for factor in (0.03, 0.01, 0.02, 0.05)
    ]  # fmt: skip
    row = peers.summarise(Peer("vad", "vad", "listen_kws.py"), installed, rounds)
    assert (row.factor, row.factor_median, row.start_up_cpu) == (0.01, 0.025, 0.1)
    assert (row.chunk_ms, row.peak_mb, row.found) == (10, 1.024, None)


def test_the_table_shows_figures_and_failures() -> None:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(table([RESULT, Failure("another", "no such wheel")]))
    first, second = capture.get().splitlines()[1:]
    for figure in ("80 ms", "0.0123 (median 0.0145)", "41 MB", "99 MB, 7 packages", "60, 3 false"):
        assert figure in first
    assert "not measured: no such wheel" in second


def test_keywords_found_in_the_recording() -> None:
    first_word_at = 20600
    in_time = ("left", first_word_at + 10_000)
    assert score(peers.TRUTH, [in_time]) == (1, 0)
    assert score(peers.TRUTH, [("right", in_time[1])]) == (0, 1)
    assert score(peers.TRUTH, [in_time, in_time]) == (1, 1)
