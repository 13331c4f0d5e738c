"""At which sample a row is complete: as the framer cuts, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.mfcc import IncrementalMfcc
from kws.spotting.row_clock import RowClock
from kws.training.feature_matrices import build_matrices


@pytest.mark.parametrize("block", [1, 2, 3])
@pytest.mark.parametrize("row", [0, 1, 7])
def test_a_row_is_complete_with_that_sample_and_not_with_the_one_before(
    block: int, row: int
) -> None:
    spec = FeatureSpec(window=500, hop=300)
    framer = IncrementalMfcc(spec, build_matrices(spec), block)
    position = RowClock.of(spec, block)(row)
    for samples, rows in ((position - 1, row), (position, row + 1)):
        frames, _ = framer.step(np.zeros(samples), framer.initial_state())
        assert len(frames.mfcc) == rows * block


@given(row=st.integers(0, 10**9), block=st.integers(1, 8))
def test_the_row_at_a_sample_is_the_first_not_complete_before_it(row: int, block: int) -> None:
    clock = RowClock.of(FeatureSpec(), block)
    assert clock.row_at(clock(row)) == row
    assert clock.row_at(clock(row) + 1) == row + 1
    assert clock.row_at(clock.first - 1) == clock.row_at(-5) == 0
