"""The units, as systemd itself judges them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.listener import KWS

UNITS = Path(__file__).parents[1] / "systemd"
PROGRAMS = {"kws.service": "/opt/kws/bin/kws", "user/kws.service": "%h/.local/bin/kws"}
MOST_EXPOSED = 3.0


@pytest.fixture
def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        reason = "systemd-analyze is missing (make test-packages)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return program


def render(name: str, folder: Path) -> Path:
    """A unit whose program exists on this machine."""
    text = (UNITS / name).read_text()
    assert PROGRAMS[name] in text
    path = folder / "kws.service"
    path.write_text(text.replace(PROGRAMS[name], str(KWS)))
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_units_are_clean(name: str, analyze: str, tmp_path: Path) -> None:
    unit = render(name, tmp_path)
    scope = "--user" if name.startswith("user/") else "--system"
    result = subprocess.run(
        [analyze, scope, "verify", "--man=no", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    ours = [line for line in result.stderr.splitlines() if "kws" in line]
    assert ours == []
    assert result.returncode == 0, result.stderr


def test_the_system_unit_is_hardened(analyze: str, tmp_path: Path) -> None:
    unit = render("kws.service", tmp_path)
    result = subprocess.run(
        [
            *(analyze, "security", "--offline=true", "--no-pager"),
            *(f"--threshold={round(10 * MOST_EXPOSED)}", str(unit)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-400:] + result.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_the_daemon_relies_on(name: str) -> None:
    lines = (UNITS / name).read_text().splitlines()
    for line in ("Type=notify", "Restart=on-failure", "ExecReload=/bin/kill -HUP $MAINPID"):
        assert line in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    assert not any(
        line.startswith(("MemoryDenyWriteExecute=", "PrivateDevices=")) for line in lines
    )
    if name == "kws.service":
        for line in (
            *("User=kws", "Group=kws", "SupplementaryGroups=audio", "RuntimeDirectory=kws"),
            *("RuntimeDirectoryMode=0750", "UMask=0007", "DevicePolicy=closed"),
            "DeviceAllow=char-alsa rw",
        ):
            assert line in lines
