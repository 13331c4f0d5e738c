"""Labels that make way for curves, lines and each other."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from kws.replay.label_room import Box, Room

REACH = 40


def with_curve(height: float, first: int, last: int) -> Room:
    """A room of 200 by 100 pixels with a curve of one height between two columns."""
    room = Room(200, 100)
    heights: npt.NDArray[np.float64] = np.zeros(200)
    heights[first:last] = height
    room.take_below(heights)
    return room


def test_a_label_stands_above_its_point() -> None:
    assert Room(200, 100).place((100, 50), 20, 10, REACH) == Box(90, 50, 110, 60)


def test_at_the_edge_it_moves_inside() -> None:
    room = Room(200, 100)
    assert room.place((5, 50), 20, 10, REACH) == Box(0, 50, 20, 60)
    assert room.place((200, 95), 20, 10, REACH) == Box(180, 90, 200, 100)


def test_it_stands_beside_a_curve_that_goes_on_rising() -> None:
    room = with_curve(90, 100, 110)
    place = room.place((95, 30), 20, 10, REACH)
    assert place is not None
    assert place.right <= 100
    assert place.bottom <= 30 < place.top


def test_with_no_room_at_its_sides_it_stands_above_the_curve() -> None:
    place = with_curve(60, 0, 200).place((100, 30), 20, 10, REACH)
    assert place == Box(90, 60, 110, 70)


def test_out_of_reach_it_has_no_place() -> None:
    assert with_curve(80, 0, 200).place((100, 30), 20, 10, REACH) is None
    assert Room(10, 100).place((5, 0), 20, 10, REACH) is None
    assert Room(200, 8).place((5, 0), 20, 10, REACH) is None


def test_what_must_stand_high_moves_up_or_aside_only() -> None:
    room = Room(200, 100)
    places = [room.place((100, 60), 20, 10, REACH, lowest=60) for _ in range(9)]
    found = [place for place in places if place is not None]
    assert len(found) > 4
    assert min(place.bottom for place in found) == 60


def test_it_keeps_off_a_line_where_there_is_room_beside_it() -> None:
    room = Room(200, 100)
    room.add_lines(np.full(200, 55.0))
    place = room.place((100, 50), 20, 10, REACH)
    assert place is not None
    assert place.bottom > 55 or place.top <= 55
    # Between two lines that are close, one must be crossed: near the point rather than far off.
    for height in range(0, 100, 4):
        room.add_lines(np.full(200, float(height)))
    place = room.place((40, 50), 20, 10, REACH)
    assert place is not None
    assert abs(place.bottom - 50) < 10


def test_a_line_to_a_label_goes_around_another_label() -> None:
    room = Room(200, 100)
    between = room.place((100, 30), 16, 10, 0)
    label = room.place((100, 50), 80, 10, 0)
    assert between == Box(92, 30, 108, 40)
    assert label == Box(60, 50, 140, 60)
    x, y = room.end_of_line((104, 10), label)
    assert y == 50
    assert 108 <= x < 130
    # With nothing between, it is the shortest.
    x, y = Room(200, 100).end_of_line((104, 10), label)
    assert abs(x - 104) <= 5


@given(
    st.lists(st.tuples(st.floats(0, 200), st.floats(0, 100)), min_size=1, max_size=30),
    st.lists(st.floats(0, 70), min_size=200, max_size=200),
)
def test_no_label_covers_another_or_a_curve_or_leaves_the_room(
    points: list[tuple[float, float]], curve: list[float]
) -> None:
    room = Room(200, 100)
    heights = np.array(curve)
    room.take_below(heights)
    covered = np.zeros((200, 100), np.int64)
    places = [room.place(point, 23.5, 9.2, REACH) for point in points]
    for place in places:
        if place is not None:
            assert place.left >= 0 and place.right <= 200 and place.top <= 100
            assert place.bottom >= heights[place.left : place.right].max()
            covered[place.left : place.right, place.bottom : place.top] += 1
    assert covered.max() <= 1
