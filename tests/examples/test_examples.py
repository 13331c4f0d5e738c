"""The example clients hear a daemon."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stand_in import DEADLINE, StandIn

EXAMPLES = Path(__file__).parents[2] / "examples"
NPM_SECONDS = 120.0


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment in which clients find a daemon and `kws` is this one."""
    launcher = tmp_path / "bin" / "kws"
    launcher.parent.mkdir()
    launcher.write_text(f"#!{sys.executable}\nfrom kws.cli import main\n\nmain()\n")
    launcher.chmod(0o755)
    with StandIn(tmp_path) as daemon:
        yield os.environ | {
            "KWS_EVENTS": daemon.events,
            "KWS_CONTROL": daemon.control,
            "PATH": f"{launcher.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(EXAMPLES.parent),
        }


def first_lines(
    command: list[str], environment: dict[str, str], folder: Path | None = None
) -> list[str]:
    """Three lines of what an endless program prints; ends it and all its children."""
    with subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        os.killpg(process.pid, 15)
        process.wait(DEADLINE)
    return lines


def samples(lines: list[str]) -> list[int]:
    """The sample positions, after a check of the rest of the line."""
    for line in lines:
        assert " (0.91" in line
    return [int(line.rpartition("sample ")[2]) for line in lines]


def test_python(environment: dict[str, str]) -> None:
    lines = first_lines([sys.executable, str(EXAMPLES / "subscribe.py")], environment)
    first, *rest = samples(lines)
    assert rest == [first + 16000, first + 32000]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_shell(environment: dict[str, str]) -> None:
    first, *rest = samples(first_lines([str(EXAMPLES / "subscribe.sh")], environment))
    assert rest == [first + 16000, first + 32000]


@pytest.mark.skipif(shutil.which("npm") is None, reason="Node.js with npm is not installed")
def test_node(environment: dict[str, str], tmp_path: Path) -> None:
    client = tmp_path / "node"
    shutil.copytree(EXAMPLES / "node", client, ignore=shutil.ignore_patterns("node_modules"))
    try:
        reachable = subprocess.run(["npm", "ping"], capture_output=True, timeout=NPM_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if reachable.returncode:
        pytest.skip("the npm registry cannot be reached")
    subprocess.run(["npm", "install", "--no-audit"], cwd=client, check=True, timeout=NPM_SECONDS)
    first, *rest = samples(first_lines(["node", "subscribe.js"], environment, client))
    assert rest == [first + 16000, first + 32000]
