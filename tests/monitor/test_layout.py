"""How the lines are shared out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.monitor.layout import Layout, lines_of


def lines(layout: Layout) -> int:
    """All of them, whatever they are for."""
    return sum(layout) - layout.columns


@given(st.integers(1, 200), st.integers(0, 60), st.integers(1, 12), st.integers(1, 6))
def test_they_add_up_to_the_screen(height: int, words: int, columns: int, health: int) -> None:
    layout = Layout.of(height, words, columns, health)
    assert min(layout) >= 0
    assert lines(layout) == height
    assert 1 <= layout.columns <= columns
    assert layout.words <= lines_of(words, layout.columns) or words == 0


@given(st.integers(1, 100), st.integers(0, 40), st.integers(1, 8))
def test_more_room_never_hides_a_word(height: int, words: int, columns: int) -> None:
    smaller, larger = (Layout.of(lines, words, columns, 2) for lines in (height, height + 1))
    assert larger.keys >= smaller.keys
    shown, still = (min(words, one.words * one.columns) for one in (smaller, larger))
    assert still >= shown


@pytest.mark.parametrize("height", range(6, 60))
def test_the_keys_and_a_word_are_always_there(height: int) -> None:
    for words in (1, 3, 10, 40):
        layout = Layout.of(height, words, 1, 2)
        assert layout.keys == layout.title == 1
        assert layout.words >= min(words, 3)


def test_lines_for_the_eye_come_after_what_was_heard() -> None:
    airy = [Layout.of(height, 10, 4, 2) for height in range(1, 60)]
    assert any(layout.air for layout in airy)
    assert all(layout.heard >= 8 for layout in airy if layout.air)
