"""Labels that make way for each other."""

from hypothesis import given
from hypothesis import strategies as st

from kws.replay.label_room import Box, Room


def test_a_label_stands_above_its_point() -> None:
    assert Room(0, 10, 1).place((4, 0.5), 2, 0.25) == Box(3, 0.5, 5, 0.75)


def test_beside_a_point_it_begins_there() -> None:
    assert Room(0, 10, 1).place((4, 0.5), 2, 0.25, beside=True) == Box(4, 0.5, 6, 0.75)


def test_at_the_edge_it_moves_inside() -> None:
    room = Room(0, 10, 1)
    assert room.place((0.5, 0.5), 2, 0.25) == Box(0, 0.5, 2, 0.75)
    assert room.place((10, 0.9), 2, 0.25) == Box(8, 0.75, 10, 1)


def test_the_second_stands_at_the_side_the_fourth_higher_up() -> None:
    room = Room(0, 10, 1)
    points = ((4.0, 0.0), (4.5, 0.0), (3.5, 0.0), (4.0, 0.0))
    places = [room.place(point, 2, 0.5) for point in points]
    assert places == [Box(3, 0, 5, 0.5), Box(3.5, 0.5, 5.5, 1), Box(1.5, 0.5, 3.5, 1), None]
    assert room.place((5, 0.0), 2, 0.5) == Box(5, 0, 7, 0.5)


def test_what_is_wider_than_the_room_has_none() -> None:
    assert Room(0, 1, 1).place((0.5, 0), 2, 0.25) is None


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1), st.booleans()), max_size=30))
def test_no_label_covers_another_or_leaves_the_room(
    points: list[tuple[float, float, bool]],
) -> None:
    room = Room(0, 30, 1.08)
    found = [room.place((x, y), 3, 0.3, beside) for x, y, beside in points]
    boxes = [box for box in found if box is not None]
    assert not points or boxes
    for index, box in enumerate(boxes):
        assert 0 <= box.left < box.right <= 30.0001
        assert box.top <= 1.0801
        assert not any(box.overlaps(other) for other in boxes[:index])
