"""What kws costs beside other libraries that listen for words, all on the same recording.

    python -m benchmarks.peers [--rounds N] [--only NAME]... [--json]

Each library is installed with pip in a virtual environment of its own (the first time that takes
minutes and gigabytes: silero-vad needs torch) and hears the recording through its public API, in
the chunks that its documentation uses; see the programs in `benchmarks/listeners/`.  All run on one
thread, one after the other, in several rounds, of which the least processor time is taken and the
median is shown: on a busy machine the least is nearest to what the program itself needs.

Real-time factor: CPU seconds per second of audio, without the start-up.  Start-up: until the first
chunk was heard.  Memory: the largest resident set.  Size: what pip installed, in MB of 10^6 bytes.
Found: keywords of the recording that were found, and false alarms, where the words are known.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs
import soundfile
from rich.console import Console

from benchmarks.peer_results import WORDS, Failure, Result, score, table

ROOT = Path(__file__).parents[1]
RECORDING = ROOT / "examples" / "recording" / "commands.flac"
TRUTH = RECORDING.with_suffix(".tsv")
LISTENERS = Path(__file__).parent / "listeners"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Peer:
    """One row: a library, and how it is used."""

    name: str
    requirement: str
    """What pip is to install."""
    program: str
    """Of `benchmarks/listeners`."""
    arguments: tuple[str, ...] = ()
    knows_words: bool = False


PEERS = (
    Peer("kws, as live", str(ROOT), "listen_kws.py", ("1280",), True),
    Peer("kws, as in replay", str(ROOT), "listen_kws.py", ("8192",), True),
    Peer("pymicro-wakeword, 1 word", "pymicro-wakeword", "listen_pymicro_wakeword.py", ("1",)),
    Peer("pymicro-wakeword, 4 words", "pymicro-wakeword", "listen_pymicro_wakeword.py", ("4",)),
    Peer("openWakeWord, 1 word", "openwakeword==0.5.1", "listen_openwakeword.py", ("alexa",)),
    Peer("openWakeWord, 6 words", "openwakeword==0.5.1", "listen_openwakeword.py"),
    Peer("pocketsphinx", "pocketsphinx", "listen_pocketsphinx.py", ("1", *WORDS), True),
    Peer("silero-vad (no words)", "silero-vad[onnx-cpu]", "listen_silero_vad.py"),
)


@dataclass(frozen=True, slots=True)
class Install:
    """A virtual environment with one library."""

    python: Path
    megabytes: float
    distributions: int


class PeerError(Exception):
    """A library that could not be installed or run; the message is the last line it left."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", metavar="NAME", help="rows beginning with NAME")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument(
        "--folder", type=Path, default=platformdirs.user_cache_path("kws") / "peers",
        help="where the virtual environments are kept (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--constraint", type=Path, default=ROOT / "constraints.txt", metavar="FILE",
        help="for pip (default: %(default)s)",
    )  # fmt: skip
    options = parser.parse_args()
    peers = [peer for peer in PEERS if peer.name.startswith(tuple(options.only or [""]))]
    rows = compare(peers, options.folder, options.constraint, options.rounds)
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 150).print(table(rows))


def compare(
    peers: Sequence[Peer], folder: Path, constraint: Path, rounds: int
) -> list[Result | Failure]:
    """Install all, then let them take turns."""
    installs: dict[str, Install] = {}
    errors: dict[str, str] = {}
    runs: dict[str, list[dict[str, Any]]] = {peer.name: [] for peer in peers}
    with tempfile.NamedTemporaryFile(suffix=".raw") as raw:
        soundfile.write(raw, soundfile.read(RECORDING)[0], 16000, "PCM_16", format="RAW")
        for peer in list(peers) * rounds:
            if peer.name in errors:
                continue
            try:
                if peer.requirement not in installs:
                    print(f"installing {peer.requirement}", file=sys.stderr)
                    installs[peer.requirement] = install(peer.requirement, folder, constraint)
                runs[peer.name].append(run(peer, installs[peer.requirement].python, raw.name))
            except PeerError as error:
                errors[peer.name] = str(error)
    return [
        Failure(peer.name, errors[peer.name])
        if peer.name in errors
        else summarise(peer, installs[peer.requirement], runs[peer.name])
        for peer in peers
    ]


def install(requirement: str, folder: Path, constraint: Path) -> Install:
    """The environment of a library, made if need be; kws itself is installed anew each time.

    Raises:
        PeerError: pip could not install it.
    """
    home = folder / "".join(c if c.isalnum() else "-" for c in Path(requirement).name)
    python, done = home / "bin" / "python", home / "installed"
    if requirement == str(ROOT) or not done.exists():
        # Without pip in it, all that is found there belongs to the library.
        venv.create(home, clear=True)
        _output(
            [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
             "--constraint", str(constraint), requirement]
        )  # fmt: skip
        done.touch()
    [packages] = home.glob("lib/python*/site-packages")
    size = sum(file.lstat().st_size for file in packages.rglob("*") if file.is_file())
    return Install(python, size / 1e6, len(list(packages.glob("*.dist-info"))))


def run(peer: Peer, python: Path, raw: str) -> dict[str, Any]:
    """Let a library hear the recording; gives what its program printed.

    Raises:
        PeerError: the program failed.
    """
    began = time.monotonic()
    command = [str(python), str(LISTENERS / peer.program), raw, *peer.arguments]
    figures: dict[str, Any] = json.loads(_output(command).splitlines()[-1])
    return figures | {"start_up_wall": figures["ready"] - began}


def _output(command: list[str]) -> str:
    finished = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | ONE_THREAD, check=False
    )
    if finished.returncode:
        raise PeerError((finished.stderr.strip() or "it failed silently").splitlines()[-1])
    return finished.stdout


def summarise(peer: Peer, installed: Install, runs: Sequence[dict[str, Any]]) -> Result:
    """A row from all rounds of a library: the least of each figure, memory the most."""
    factors = [run["factor"] for run in runs]
    found, alarms = score(TRUTH, runs[0]["detections"]) if peer.knows_words else (None, None)
    return Result(
        name=peer.name,
        chunk_ms=runs[0]["chunk"] / 16,
        words=runs[0]["words"],
        factor=min(factors),
        factor_median=statistics.median(factors),
        start_up_cpu=min(run["start_up_cpu"] for run in runs),
        start_up_wall=min(run["start_up_wall"] for run in runs),
        peak_mb=max(run["peak_kib"] for run in runs) * 1024 / 1e6,
        install_mb=installed.megabytes,
        distributions=installed.distributions,
        found=found,
        false_alarms=alarms,
    )


if __name__ == "__main__":
    main()
