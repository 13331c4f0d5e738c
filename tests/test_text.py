"""What somebody else wrote forges no line and moves no cursor."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.text import counted, one_line

HOSTILE = [
    "stopped\nWATCHDOG=1",
    "\x1b]0;title\x07",
    "\x9b2J",
    "a\r\nb",
    "\u202egpj.exe",
    "a\u2028b",
    "\udcff",
    "\x00",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert shown.splitlines() == [shown]


@given(st.text(st.characters(codec="utf-8")))
def test_json_keeps_its_meaning(text: str) -> None:
    line = json.dumps({"text": text}, ensure_ascii=False)
    assert json.loads(one_line(line, longest=None)) == {"text": text}


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_can_be_shown_stays(text: str) -> None:
    assert all(unicodedata.category(letter)[0] in "LNPS" for letter in text)
    assert one_line(text, longest=None) == text


def test_long_text_loses_its_middle() -> None:
    shown = one_line("a" * 5000 + "z", longest=100)
    assert len(shown) < 110
    assert shown.startswith("aaa")
    assert shown.endswith("z")


def test_nouns_agree_with_their_number() -> None:
    assert [counted(n, "keyword") for n in (0, 1, 2)] == ["0 keywords", "1 keyword", "2 keywords"]
