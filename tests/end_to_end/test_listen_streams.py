"""`kws listen` with standard streams, and arguments, that are not as they should be."""

import contextlib
import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest
import soundfile

from tests.support.listener import DEADLINE, KWS, Hearer, replayed, wait_for


def test_a_log_that_nobody_reads_stops_nothing(
    tmp_path: Path, recording: Path, tiny_model_folder: Path
) -> None:
    """As with ``kws listen 2>&1 | less``: it goes on to listen, and obeys its signals."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder), "--source", "-"),
            *("--events", f"ipc://{tmp_path}/e", "--control", f"ipc://{tmp_path}/c"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=writing,
    )
    os.close(writing)
    hearer = Hearer(f"ipc://{tmp_path}/e")
    samples, _ = soundfile.read(recording, dtype="int16")
    assert process.stdin is not None
    try:
        for _ in range(30):
            process.stdin.write(samples.tobytes())
        process.stdin.flush()
        # Each is a line of the log, and the pipe holds 60 of them.
        wait_for("the detections", lambda: len(hearer.detections()) > 300)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
        os.set_blocking(reading, False)
        assert b"heard" in os.read(reading, 4096)
    finally:
        process.kill()
        process.wait()
        hearer.close()
        os.close(reading)


def test_a_name_that_is_no_text_is_refused_in_one_line() -> None:
    result = subprocess.run(
        [KWS, "listen", "--source", b"\xff.flac"], capture_output=True, timeout=DEADLINE
    )
    assert result.returncode == 7
    assert b"is not UTF-8" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_standard_streams_may_be_closed(
    tmp_path: Path, recording: Path, tiny_model_folder: Path
) -> None:
    """As with ``kws listen >&- 2>&-``; no socket may take their place."""

    def close_them() -> None:
        for descriptor in range(3):
            os.close(descriptor)

    process = subprocess.Popen(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder), "--source", str(recording)),
            *("--events", f"ipc://{tmp_path}/e", "--control", f"ipc://{tmp_path}/c"),
        ],
        preexec_fn=close_them,
    )
    with contextlib.closing(Hearer(f"ipc://{tmp_path}/e")) as hearer:
        wait_for("a detection", hearer.detections)
        streams = [Path(f"/proc/{process.pid}/fd/{number}").readlink() for number in range(3)]
        assert process.wait(DEADLINE) == 0
    # Of stderr the audio libraries have the number, Python has a copy.
    assert streams == [Path("/dev/null")] * 3


@pytest.mark.parametrize("command", [["listen", "--show-config"], ["doctor"]])
def test_output_that_cannot_be_written_is_one_line(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [KWS, *command], stdout=full, stderr=subprocess.PIPE, timeout=DEADLINE
        )
    assert result.returncode == 13
    assert result.stderr.splitlines() == [b"kws: cannot write the result: No space left on device"]


def test_on_a_terminal_detections_are_lines(
    tmp_path: Path, recording: Path, tiny_model_folder: Path
) -> None:
    terminal, device = os.openpty()
    process = subprocess.Popen(
        [
            *(KWS, "listen", "--model", str(tiny_model_folder)),
            *("--source", str(recording), "--no-pace"),
            *("--events", f"ipc://{tmp_path}/e", "--control", f"ipc://{tmp_path}/c"),
        ],
        stdout=device,
        stderr=subprocess.PIPE,
    )
    os.close(device)
    text = b""
    with contextlib.suppress(OSError):  # the terminal is gone when the process is
        while data := os.read(terminal, 4096):
            text += data
    os.close(terminal)
    assert process.stderr is not None
    log = process.stderr.read().decode()
    assert process.wait(DEADLINE) == 0
    lines = text.decode().splitlines()
    assert len(lines) == len(replayed(recording, tiny_model_folder))
    assert {line.split()[2] for line in lines} <= {"yes", "no", "stop"}
    assert "heard" not in log
