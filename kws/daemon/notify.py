"""What systemd wants to know, by its datagram protocol (sd_notify)."""

import logging
import os
import socket
import time
from collections.abc import Mapping

from kws.text import one_line

logger = logging.getLogger(__name__)


class Notifier:
    """Sends the state of the service to systemd, or to nobody where there is none."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract socket.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self.watchdog_seconds = _watchdog_seconds(environment)
        """How long systemd waits for `watchdog`; None when it does not."""

    def ready(self) -> None:
        """The sockets are bound; also after `reloading`."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self._send(f"STATUS={one_line(text)}")

    def watchdog(self) -> None:
        """All loops turn."""
        self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` follows."""
        self._send(
            f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}"
        )

    def stopping(self) -> None:
        """The daemon is about to end."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.connect(self._address)
                sender.send(message.encode())
            except OSError as error:
                logger.warning("systemd does not listen at %s: %s", self._address, error)


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    microseconds = environment.get("WATCHDOG_USEC", "")
    process = environment.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdigit() or process != str(os.getpid()):
        return None
    return int(microseconds) / 1e6


def is_service(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether systemd started this very process, and not a program above it."""
    # INVOCATION_ID says too little: every terminal of a desktop inherits one.
    started = environment.get("SYSTEMD_EXEC_PID") == str(os.getpid())
    return started or "NOTIFY_SOCKET" in environment
