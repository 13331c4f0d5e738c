"""A microphone without hardware: a private PulseAudio whose null sinks have monitors to record.

PortAudio reaches it through ALSA's `pulse` plug-in, so everything between the callback and the
sound server is real.  Nothing of the user's own sound system is touched.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

DEADLINE = 60
_PROGRAMS = ("pulseaudio", "pactl", "paplay")
_PLUGIN = "libasound_module_pcm_pulse.so"
_ALSA_CONFIG = "/usr/share/alsa/alsa.conf"


def missing_parts() -> str | None:
    """What has to be installed before a `PulseServer` can run; None when all is there."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if not any(Path("/usr").glob(f"lib*/**/alsa-lib/{_PLUGIN}")):
        missing.append("the pulse plug-in of ALSA (libasound2-plugins)")
    return ", ".join(missing) or None


def require_microphone() -> None:
    """Skip the test where there can be no microphone; with ``CI=true`` that is a failure."""
    missing = missing_parts()
    if missing is None:
        return
    reason = f"no microphone: {missing} missing (make test-packages)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class PulseServer:
    """A sound server of our own with one sink, `kws`; ALSA's default microphone is its monitor.

    ALSA further knows `mic_NAME` for every name in `microphones`: the monitor of the sink NAME,
    whether that exists or not.
    """

    def __init__(
        self, folder: Path, rate: int = 16000, channels: int = 1, microphones: tuple[str, ...] = ()
    ) -> None:
        self.folder = folder
        self.rate = rate
        self.channels = channels
        self._socket = folder / "native"
        (folder / "home").mkdir(mode=0o700)
        self._script = folder / "default.pa"
        self._script.write_text(
            f"load-module module-native-protocol-unix socket={self._socket} auth-anonymous=1\n"
        )
        alsa = folder / "asoundrc"
        alsa.write_text(
            self._pcm("!default", "kws")
            + "".join(self._pcm(f"mic_{name}", name) for name in microphones)
        )
        self.environment = {
            "ALSA_CONFIG_PATH": f"{_ALSA_CONFIG}:{alsa}",
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_RUNTIME_PATH": str(folder / "run"),
            "PULSE_COOKIE": str(folder / "cookie"),
        }
        """What a process needs to hear this server and no other."""
        self._process: subprocess.Popen[bytes] | None = None
        self._players: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start the server and load the sink `kws`."""
        self._socket.unlink(missing_ok=True)
        with (self.folder / "pulseaudio.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("pulseaudio", "-n", f"--file={self._script}", "--daemonize=no"),
                    *("--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
                    *("--realtime=no", "--high-priority=no", "--log-target=stderr"),
                ],
                env=self._whole_environment(),
                stderr=log,
            )
        deadline = time.monotonic() + DEADLINE
        while self._pactl("info").returncode:
            if time.monotonic() > deadline or self._process.poll() is not None:
                log_text = (self.folder / "pulseaudio.log").read_text(errors="replace")
                pytest.fail(f"pulseaudio does not start:\n{log_text}")
            time.sleep(0.05)
        self.load_sink("kws")

    def load_sink(self, name: str, module_format: str = "s16le") -> str:
        """Plug in the microphone of this name; gives what `unload` takes."""
        result = self._pactl(
            *("load-module", "module-null-sink", f"sink_name={name}", f"rate={self.rate}"),
            *(f"channels={self.channels}", f"format={module_format}"),
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.decode().strip()

    def unload(self, module: str = "module-null-sink") -> None:
        """Unplug a microphone, or all of them."""
        result = self._pactl("unload-module", module)
        assert result.returncode == 0, result.stderr

    def play(self, recording: Path, sink: str = "kws") -> subprocess.Popen[bytes]:
        """Play a file into a sink; the process ends when all of it has been played."""
        return self._play(f"--device={sink}", str(recording))

    def play_raw(
        self, samples: bytes, sink: str = "kws", sample_format: str = "float32le"
    ) -> subprocess.Popen[bytes]:
        """Play bare samples, at the rate and channel count of the server."""
        path = self.folder / "samples.raw"
        path.write_bytes(samples)
        return self._play(
            *(f"--device={sink}", "--raw", f"--format={sample_format}"),
            *(f"--rate={self.rate}", f"--channels={self.channels}", str(path)),
        )

    def suspend(self) -> None:
        """Stop the server in its tracks (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a suspended server go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the server without a warning."""
        for player in self._players:
            player.kill()
            player.wait()
        self._players = []
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _play(self, *arguments: str) -> subprocess.Popen[bytes]:
        player = subprocess.Popen(["paplay", *arguments], env=self._whole_environment())
        self._players.append(player)
        return player

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["pactl", *arguments],
            env=self._whole_environment(),
            capture_output=True,
            timeout=DEADLINE,
        )

    def _pcm(self, name: str, sink: str) -> str:
        return f"pcm.{name} {{ type pulse server 'unix:{self._socket}' device '{sink}.monitor' }}\n"

    def _whole_environment(self) -> dict[str, str]:
        home = str(self.folder / "home")
        return {**os.environ, **self.environment, "HOME": home, "XDG_RUNTIME_DIR": home}
