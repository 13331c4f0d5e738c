"""Times on the command line."""

import pytest
import typer

from kws.cli.times import parse_time


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
