"""What is wrong with a signal, as far as its samples show."""

from typing import NamedTuple

import numpy as np

from kws.samples import RATE, Samples, dbfs, valid

MUTED_SECONDS = 5
_FULL_SCALE = 0.999
_CLIPPED_SHARE = 0.001
_LARGEST_MEAN = 0.05


class Finding(NamedTuple):
    """Something that a person should look at."""

    code: str
    detail: str


class SignalHealth:
    """Watches a 16 kHz signal, second by second; changes nothing.

    Attributes:
        level_dbfs: level of the last whole second, -120 at the least.
    """

    def __init__(self) -> None:
        self.level_dbfs = -120.0
        self._parts: list[Samples] = []
        self._count = 0
        self._zero_seconds = 0
        self._present: set[str] = set()

    def feed(self, samples: Samples) -> list[Finding]:
        """Take samples (N,); give back what has newly turned out to be wrong."""
        self._parts.append(samples)
        self._count += len(samples)
        if self._count < RATE:
            return []
        second = np.concatenate(self._parts)
        second = np.where(valid(second), second, 0)
        self._parts, self._count = [], 0
        self.level_dbfs = dbfs(float(np.mean(second**2)))
        found = {finding.code: finding for finding in self._examine(second)}
        new = [finding for code, finding in found.items() if code not in self._present]
        self._present = set(found)
        return new

    def _examine(self, second: Samples) -> list[Finding]:
        findings = []
        self._zero_seconds = 0 if second.any() else self._zero_seconds + 1
        if self._zero_seconds >= MUTED_SECONDS:
            detail = f"nothing but zeros for {MUTED_SECONDS} s: the microphone may be muted"
            findings.append(Finding("muted_hint", detail))
        clipped = float(np.mean(np.abs(second) >= _FULL_SCALE))
        if clipped > _CLIPPED_SHARE:
            detail = f"{clipped:.1%} of the samples are at full scale: turn the microphone down"
            findings.append(Finding("clipping", detail))
        mean = float(np.mean(second))
        if abs(mean) > _LARGEST_MEAN:
            detail = f"the signal is off centre by {mean:+.2f} of full scale (DC): a bad input?"
            findings.append(Finding("dc_offset", detail))
        return findings
