"""How much memory a process has."""

from pathlib import Path

_PROC = Path("/proc")
_KINDS = ("VmRSS", "RssAnon")


def memory(process: int | str = "self") -> dict[str, float | None]:
    """VmRSS and RssAnon of a process in MB of 10^6 bytes; None where there is no /proc."""
    status = _PROC / str(process) / "status"
    lines = status.read_text().splitlines() if status.exists() else []
    kibibytes = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {
        kind: round(int(kibibytes[kind].split()[0]) * 1024 / 1e6, 2) if kind in kibibytes else None
        for kind in _KINDS
    }
