"""What the texts of shared options mean."""

import pytest

from kws.cli.options import parse_thresholds, parse_words
from kws.errors import ConfigError

WORDS = ["yes", "no"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (None, {}),
        ([], {}),
        (["0.7"], {"yes": 0.7, "no": 0.7}),
        (["no=0.9"], {"no": 0.9}),
        (["no=0.9", "0.7"], {"yes": 0.7, "no": 0.9}),
        (["0.7", "0.8", "yes = .5"], {"yes": 0.5, "no": 0.8}),
    ],
)
def test_thresholds(texts: list[str] | None, expected: dict[str, float]) -> None:
    assert parse_thresholds(texts, WORDS) == expected


@pytest.mark.parametrize("text", ["high", "yes=", "yes=0,7", "", "nan", "yes=inf"])
def test_a_threshold_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a number"):
        parse_thresholds([text], WORDS)


def test_words() -> None:
    assert parse_words(None) is None
    assert parse_words("yes, no,,") == ["yes", "no"]


@pytest.mark.parametrize("text", ["", ",", " , "])
def test_a_list_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="names no word: write them with commas, like yes,no"):
        parse_words(text)
