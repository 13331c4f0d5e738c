"""A defect in what comes from outside does not end the daemon."""

import numpy as np
import pytest

from kws.errors import KwsError
from tests.support.ears import Bench


def test_a_defect_in_the_analysis_costs_a_chunk_and_is_said(
    bench: Bench, noise: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = bench.hearing.spotter.feed
    failing = [True]

    def defective(samples: np.ndarray) -> object:
        if failing.pop() if failing else False:
            raise ZeroDivisionError("made up")
        return feed(samples)

    monkeypatch.setattr(bench.hearing.spotter, "feed", defective)
    bench.play(noise)
    assert "defect" in bench.errors()
    assert bench.loop.alive
    before = len(bench.detections())
    bench.play(noise)
    assert len(bench.detections()) > before


def test_a_defect_in_a_request_is_its_answer(bench: Bench) -> None:
    with pytest.raises(KwsError, match=r"ZeroDivisionError.*traceback is in the log"):
        bench.perform(lambda: 1 // 0)
    assert bench.loop.alive
