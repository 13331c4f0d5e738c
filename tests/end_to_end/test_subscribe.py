"""`kws subscribe`, `kws ctl` and `kws keygen`, run as programs against a stand-in daemon."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.listener import KWS
from tests.support.stand_in import DEADLINE, StandIn


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run kws to its end, far from any daemon of this machine."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "KWS_"}
    environment |= {"XDG_RUNTIME_DIR": "/nowhere", "TMPDIR": "/nowhere"}
    return subprocess.run(
        [KWS, *arguments],
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE,
        env=environment,
        **options,
    )


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path) as daemon:
        yield daemon


def control(daemon: StandIn, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("ctl", *arguments, "--control", daemon.control)


def test_json_lines_are_events_in_order(daemon: StandIn) -> None:
    result = run("subscribe", *daemon.flags, "--json", "--count", "8")
    assert result.returncode == 0
    events = [json.loads(line) for line in result.stdout.splitlines()]
    fired = [event["fired"] for event in events]
    assert fired == list(range(fired[0], fired[0] + 8 * 16000, 16000))
    assert {event["type"] for event in events} == {"detection"}
    assert result.stderr == f"kws: listening to {daemon.events}\n"


def test_lines_for_people(daemon: StandIn) -> None:
    result = run("subscribe", *daemon.flags, "--topic", "kws/detection/on/", "--count", "2")
    for line in result.stdout.splitlines():
        assert " on  " in line
        assert " 0.91 " in line
        assert "-23 dBFS" in line
    assert len(result.stdout.splitlines()) == 2


def test_all_topics(daemon: StandIn) -> None:
    result = run("subscribe", *daemon.flags, "--topic", "kws/", "--count", "60")
    assert "heartbeat: listening, up 2 s" in result.stdout
    assert "dBFS" in result.stdout


def test_exec_runs_for_each_detection(daemon: StandIn, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    command = f"""sh -c 'echo "$KWS_JSON" > "{notes}/$KWS_ID"; echo talk'"""
    result = run(
        "subscribe", *daemon.flags, "--json", "--count", "3", "--exec", command, "--exec-jobs", "9"
    )
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    noted = [json.loads(path.read_text()) for path in notes.iterdir()]
    assert sorted(event["id"] for event in printed) == sorted(event["id"] for event in noted)
    assert result.stderr.count("talk") == 3


def test_exec_drops_are_reported(daemon: StandIn) -> None:
    result = run(
        "subscribe", *daemon.flags, "--count", "5", "--exec", "sleep 1000", "--exec-jobs", "1",
        "--exec-timeout", "2",
    )  # fmt: skip
    assert result.stderr.count("too many commands") == 4
    assert "killed sleep" in result.stderr


def test_no_daemon_says_what_was_tried(tmp_path: Path) -> None:
    result = run("subscribe")
    assert result.returncode == 12
    assert f"/nowhere/kws-{os.getuid()}/events or ipc:///run/kws/events" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert run("ctl", "ping", "--control", f"ipc://{tmp_path}/none").returncode == 12


@pytest.mark.parametrize(
    "command",
    [
        ["subscribe", "--events", "foo"],
        ["subscribe", "--wait", "--events", "tcp://127.0.0.1"],
        ["ctl", "ping", "--control", "tcp://127.0.0.1:*"],
    ],
)
def test_what_is_no_endpoint_is_one_clear_line(command: list[str]) -> None:
    result = run(*command)
    assert result.returncode == 8
    assert result.stderr.startswith(f"kws: {command[-1]!r} is no endpoint")
    assert len(result.stderr.splitlines()) == 1


def test_an_empty_command_is_refused() -> None:
    result = run("subscribe", "--exec", "")
    assert (result.returncode, len(result.stderr.splitlines())) == (7, 1)


def test_wait_for_the_daemon(tmp_path: Path) -> None:
    flags = ["--events", f"ipc://{tmp_path}/events", "--control", f"ipc://{tmp_path}/control"]
    with subprocess.Popen(
        [KWS, "subscribe", *flags, "--wait", "--count", "1"], stdout=subprocess.PIPE, text=True
    ) as waiting:
        with StandIn(tmp_path):
            out, _ = waiting.communicate(timeout=2 * DEADLINE)
        assert "dBFS" in out
        assert waiting.returncode == 0


def test_control_c_ends_it_quietly(daemon: StandIn) -> None:
    with subprocess.Popen(
        [KWS, "subscribe", *daemon.flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_closed_pipe_ends_it_quietly(daemon: StandIn) -> None:
    command = f"{sys.executable} -c 'from kws.cli import main; main()' subscribe --json"
    result = subprocess.run(
        ["sh", "-c", f"{command} {' '.join(daemon.flags)} | head -n 1"],
        capture_output=True,
        text=True,
        timeout=2 * DEADLINE,
    )
    assert "Traceback" not in result.stderr
    assert json.loads(result.stdout)["type"] == "detection"


def test_ctl_for_people(daemon: StandIn) -> None:
    assert "state: listening (nothing)" in control(daemon, "status").stdout
    assert "model     tiny" in control(daemon, "describe").stdout
    assert control(daemon, "mute", "--reason", "tts").stdout == "muted (tts)\n"
    assert control(daemon, "mute").stdout == "muted (tts, user)\n"
    assert control(daemon, "unmute").stdout == "muted (tts)\n"
    assert control(daemon, "unmute", "--all").stdout == "listening\n"
    limited = control(daemon, "mute", "--for", "10m").stdout
    assert re.fullmatch(r"muted \(user\) until \w+ \d\d:\d\d:\d\d\n", limited)
    assert control(daemon, "set-threshold", "yes=0.7", "no=0.8").stdout == (
        "yes 0.70, until the daemon stops\nno 0.80, until the daemon stops\n"
    )
    assert "model     tiny" in control(daemon, "reload").stdout
    assert control(daemon, "reset").stdout == "reset at sample 24000\n"
    assert control(daemon, "ping").stdout.startswith("pong from boot ")


def test_ctl_for_programs(daemon: StandIn) -> None:
    snapshot = json.loads(control(daemon, "status", "--json").stdout)
    assert snapshot["state"]["state"] == "listening"
    assert json.loads(control(daemon, "mute", "--json").stdout) == {
        "reply": "muting",
        "muted": True,
        "reasons": ["user"],
        "until": None,
    }


def test_ctl_passes_errors_of_the_daemon_on(daemon: StandIn) -> None:
    result = control(daemon, "set-threshold", "nix=0.5")
    assert (result.returncode, result.stderr) == (7, "kws: no keyword 'nix'\n")
    assert control(daemon, "set-threshold", "0.5").returncode == 2


def test_the_daemon_that_is_asked_is_named_once(
    daemon: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KWS_CONTROL", daemon.control)
    command = [KWS, "ctl", "set-threshold", "yes=0.7", "no=0.8"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == f"kws: asking {daemon.control}\n"
    assert len(result.stdout.splitlines()) == 2


def test_keys_from_keygen_to_control(tmp_path: Path) -> None:
    keys = str(tmp_path / "keys")
    assert run("keygen", keys).returncode == 0
    assert run("keygen", keys).returncode == 7
    for name, *rights in (("desk", "--control"), ("kitchen",)):
        made = run("keygen", keys, "--client", name, *rights, cwd=tmp_path)
        assert made.returncode == 0
    (tmp_path / "run").mkdir()
    with StandIn(tmp_path / "run", "--keys", keys) as daemon:
        desk, kitchen = str(tmp_path / "desk"), str(tmp_path / "kitchen")
        heard = run("subscribe", *daemon.flags, "--keys", kitchen, "--count", "1")
        assert "dBFS" in heard.stdout
        assert control(daemon, "mute", "--keys", desk).returncode == 0
        denied = control(daemon, "mute", "--keys", kitchen)
        assert denied.returncode == 1
        assert "control.allow" in denied.stderr
        refused = run("subscribe", *daemon.flags)
        assert refused.returncode == 12
        assert "wrong key" in refused.stderr


def test_subscribe_and_ctl_stay_small() -> None:
    code = (
        "import sys; from kws.cli import subscribe, ctl, keygen;"
        "import kws.events.client.subscriber;"
        "heavy = {'torch', 'scipy', 'matplotlib', 'sounddevice'} & set(sys.modules);"
        "sys.exit(f'{heavy} loaded' if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_replay_needs_no_zmq() -> None:
    code = "import sys; from kws.cli.app import app; sys.exit('zmq' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
