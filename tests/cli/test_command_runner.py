"""Programs that run for detections."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kws.cli.command_runner import CommandRunner, detection_environment
from kws.errors import ConfigError
from kws.events.messages import decode_event
from tests.support import stand_in
from tests.support.listener import wait_for


@pytest.fixture
def reports() -> list[str]:
    return []


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_program_gets_the_detection_and_no_shell(tmp_path: Path, reports: list[str]) -> None:
    out = tmp_path / "it's"
    script = tmp_path / "script"
    script.write_text('#!/bin/sh\nprintf "%s|%s|%s" "$KWS_KEYWORD" "$KWS_END" "$2" > "$1"\n')
    script.chmod(0o755)
    runner = CommandRunner(f'{script} "{out}" "$KWS_KEYWORD; *"', 1, 20.0, reports.append)
    runner.start(stand_in.detection(2, "yes"))
    runner.finish()
    assert out.read_text() == "yes|30400|$KWS_KEYWORD; *"
    assert reports == []


def test_environment_of_a_detection() -> None:
    event = stand_in.detection(2, "yes")
    environment = detection_environment(event)
    assert environment["KWS_SCORE"] == "0.9123"
    assert environment["KWS_RATE"] == "16000"
    assert event.time is not None
    assert environment["KWS_TIME"] == event.time.isoformat()
    assert decode_event(environment["KWS_JSON"].encode()) == event
    assert json.loads(environment["KWS_JSON"])["latency_ms"] == float(environment["KWS_LATENCY_MS"])


@pytest.mark.parametrize("wish", [None, "3"])
def test_the_users_own_environment_is_passed_on(wish: str | None) -> None:
    """kws has one thread for its products, which is no business of the programs it runs."""
    program = (
        "from tests.support import stand_in; from kws.cli.command_runner import CommandRunner; "
        "runner = CommandRunner('env', 1, 60.0, print); "
        "runner.start(stand_in.detection(1, 'yes')); runner.finish()"
    )
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    if wish is not None:
        given["OPENBLAS_NUM_THREADS"] = wish
    result = subprocess.run(
        [sys.executable, "-c", program], env=given, capture_output=True, text=True, check=True
    )
    passed = dict(line.split("=", 1) for line in result.stderr.splitlines())
    passed = {name: value for name, value in passed.items() if not name.startswith("KWS_")}
    assert {name: passed[name] for name in given} == given
    assert wish is not None or "OPENBLAS_NUM_THREADS" not in passed


def test_only_so_many_at_once_the_rest_is_reported(tmp_path: Path, reports: list[str]) -> None:
    os.mkfifo(gate := tmp_path / "gate")
    runner = CommandRunner(f"cat '{gate}'", 2, 60.0, reports.append)
    for number in range(5):
        runner.start(stand_in.detection(number, "yes"))
    assert reports == ["dropped 'yes': too many commands are still running"] * 3

    def let_go() -> bool:
        """Readers get their end of file once a writer has come and gone."""
        with contextlib.suppress(OSError):  # nobody reads yet, or any more
            os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return not children_named("cat", gate)

    wait_for("both run", lambda: len(children_named("cat", gate)) == 2)
    wait_for("both have ended", let_go)
    runner.finish()
    runner = CommandRunner("true", 1, 60.0, reports.append)
    runner.start(stand_in.detection(9, "yes"))
    runner.finish()
    assert len(reports) == 3


def children_named(program: str, argument: Path) -> list[str]:
    """Processes that run a program with an argument."""
    wanted = f"{program}\0{argument}\0".encode()
    return [entry.name for entry in Path("/proc").glob("[0-9]*") if _command_line(entry) == wanted]


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_time_limit_kills_the_program_and_its_children(tmp_path: Path, reports: list[str]) -> None:
    note = tmp_path / "pids"
    command = f"""sh -c 'sleep 1000 & echo $$ $! > "{note}"; wait'"""
    runner = CommandRunner(command, 1, 1.0, reports.append)
    runner.start(stand_in.detection(1, "yes"))
    runner.finish()
    assert reports == ["killed sh for 'yes' after 1 s"]
    program, child = map(int, note.read_text().split())
    wait_for("both are dead", lambda: not alive(program) and not alive(child))


def test_failures_are_reported(tmp_path: Path, reports: list[str]) -> None:
    runner = CommandRunner("sh -c 'exit 3'", 1, 20.0, reports.append)
    runner.start(stand_in.detection(1, "yes"))
    runner.finish()
    script = tmp_path / "script"
    script.write_text("#!/nowhere/interpreter\n")
    script.chmod(0o755)
    runner = CommandRunner(str(script), 1, 20.0, reports.append)
    runner.start(stand_in.detection(1, "no"))
    runner.finish()
    assert reports == [
        "sh for 'yes' ended with exit code 3",
        f"cannot run {script} for 'no': No such file or directory",
    ]


@pytest.mark.parametrize("command", ["", "  ", "'unbalanced", "/nowhere/program", "/tmp"])
def test_command_that_cannot_run_is_refused_at_once(command: str) -> None:
    with pytest.raises(ConfigError, match="--exec"):
        CommandRunner(command, 1, 1.0, print)
