"""Time in rows."""

import pytest

from kws.replay.timeline import Timeline, tick


@pytest.mark.parametrize(
    ("seconds", "span", "rows"),
    [
        (0.1, 5, 1),
        (5, 5, 1),
        (12, 15, 1),
        (31, 30, 2),
        (360, 30, 12),
        (361, 60, 7),
        (86400, 7200, 12),
    ],
)
def test_a_recording_has_rows_of_a_round_length(seconds: float, span: int, rows: int) -> None:
    timeline = Timeline(0, seconds)
    assert (timeline.span, len(timeline)) == (span, rows)
    assert list(timeline) == [span * row for row in range(rows)]


def test_a_moment_fills_its_row() -> None:
    timeline = Timeline(106, 114, fill=True)
    assert (timeline.span, list(timeline)) == (8, [106])
    assert list(Timeline(106, 170, fill=True)) == [106, 136, 166]


@pytest.mark.parametrize(
    ("seconds", "row"), [(106, 0), (135.99, 0), (136, 1), (169, 2), (171, 2), (400, 2), (90, 0)]
)
def test_every_time_has_a_row(seconds: float, row: int) -> None:
    assert Timeline(106, 170, fill=True).row_of(seconds) == row


@pytest.mark.parametrize(("seconds", "text"), [(6, "0:06"), (106, "1:46"), (3723.4, "1:02:03")])
def test_times_are_written_as_in_the_table(seconds: float, text: str) -> None:
    assert tick(seconds) == text
