"""Times on the command line."""

import pytest
import typer

from kws.cli.times import parse_duration, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("106.3", 106.3),
        ("1:46.3", 106.3),
        ("0:05", 5),
        ("1:02:03", 3723),
        ("61:00", None),
    ],
)
def test_a_time(text: str, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(typer.BadParameter):
            parse_time(text)
    else:
        assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "x", "-3", "1:75", "1:-5", "nan", "inf", "1e3", ":5", "1::5", "٣"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10m", 600), ("1h30m", 5400), ("90s", 90), ("90", 90), ("1h5s", 3605), (" 2h ", 7200)],
)
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "0", "0m", "-5m", "10 m", "5m1h", "1h30", "1.5h", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no duration"):
        parse_duration(text)
