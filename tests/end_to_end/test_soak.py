"""A short version of `benchmarks/soak.py`, which does the same with a day of audio."""

from benchmarks.soak import soak
from kws.spotting.model import Model


def test_it_does_not_grow_drift_or_lose_a_message(shipped_model: Model) -> None:
    findings = soak(hours=3, hour_seconds=60, model=str(shipped_model.path))
    assert findings.holes == 0
    assert len(findings.scores[0]) >= 3
    assert findings.drift() <= 1e-3
    # The first hour still fills caches and rings.
    assert findings.resident[-1] - findings.resident[1] < 1.0
