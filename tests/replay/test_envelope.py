"""The outline of a long signal in few columns."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kws.replay.envelope import Envelope


@given(
    length=st.integers(1, 30000),
    cuts=st.lists(st.integers(0, 30000), max_size=10),
    columns=st.sampled_from([2, 8, 64]),
)
@settings(max_examples=60, deadline=None)
def test_columns_hold_least_and_greatest_value(length: int, cuts: list[int], columns: int) -> None:
    signal = np.random.default_rng(length).standard_normal((length, 2)).astype(np.float32)
    envelope = Envelope(channels=2, columns=columns)
    position = 0
    for piece in np.split(signal, sorted(min(cut, length) for cut in cuts)):
        if len(piece):
            envelope.add(position, piece)
        position += len(piece)
    assert envelope.width * columns >= length
    used = -(-length // envelope.width)
    for index in range(used):
        part = signal[index * envelope.width : (index + 1) * envelope.width]
        np.testing.assert_array_equal(envelope.low[index], part.min(axis=0))
        np.testing.assert_array_equal(envelope.high[index], part.max(axis=0))
    assert np.isnan(envelope.low[used:]).all()


def test_sparse_values_stand_where_they_belong() -> None:
    envelope = Envelope(step=640)
    envelope.add(6400, np.array([[0.5], [0.7]]))
    assert np.flatnonzero(np.isfinite(envelope.high[:, 0])).tolist() == [20, 22]


def test_twelve_hours_take_no_more_room_than_a_minute() -> None:
    envelope = Envelope()
    size = envelope.low.nbytes
    for hour in range(12):
        envelope.add(hour * 3600 * 16000, np.full((100, 1), hour / 12))
    assert envelope.low.nbytes == size
    assert np.isfinite(envelope.high).sum() == 12
