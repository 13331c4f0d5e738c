"""Scores in columns of a fifth of a second."""

from kws.monitor.history import COLUMN, COLUMNS, History


def scores(history: History, word: str = "yes") -> list[float | None]:
    return [column.scores.get(word) for column in history.latest(COLUMNS)]


def test_a_column_keeps_the_greatest_score_of_its_rows() -> None:
    history = History()
    for position, score in ((640, 0.2), (1280, 0.9), (1920, 0.4), (COLUMN, 0.1)):
        history.add(position, {"yes": score})
    assert scores(history) == [0.9, 0.1]
    assert history.best("yes", 1) == 0.1
    assert history.best("yes", 2) == 0.9
    assert history.best("no", 2) is None


def test_what_was_not_listened_to_leaves_empty_columns() -> None:
    history = History()
    history.add(0, {"yes": 0.5})
    history.advance(3 * COLUMN)
    history.add(4 * COLUMN, {"yes": 0.7})
    assert scores(history) == [0.5, None, None, None, 0.7]


def test_a_detection_marks_the_column_in_which_it_fired() -> None:
    history = History()
    history.add(5 * COLUMN, {"yes": 0.5})
    history.mark(4 * COLUMN + 17, "yes")
    assert [column.fired for column in history.latest(3)] == [set(), {"yes"}, set()]


def test_only_a_minute_is_kept() -> None:
    history = History()
    history.add(0, {"yes": 0.9})
    history.advance(10**12)
    assert len(history.latest(10**6)) == COLUMNS
    history.add(0, {"yes": 0.9})
    history.mark(0, "yes")
    assert history.best("yes", COLUMNS) is None
