"""An inference loop that runs, and all that it publishes."""

from collections.abc import Iterator
from typing import Any

import pytest

from kws.spotting.model import Model
from tests.support.ears import Bench, Open


@pytest.fixture
def open_bench(tiny_model: Model) -> Iterator[Open]:
    benches = []

    def make(**options: Any) -> Bench:
        benches.append(Bench(tiny_model, **options))
        return benches[-1]

    yield make
    for bench in benches:
        bench.loop.stop()
        assert not bench.loop.alive


@pytest.fixture
def bench(open_bench: Open) -> Bench:
    return open_bench()
