"""From bytes to keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kws.monitor.keys import Key, KeyDecoder

ARROWS = {
    b"\x1b[A": Key.UP,
    b"\x1b[B": Key.DOWN,
    b"\x1b[C": Key.RIGHT,
    b"\x1b[D": Key.LEFT,
    b"\x1bOA": Key.UP,
    b"\x1bOB": Key.DOWN,
    b"\x1bOC": Key.RIGHT,
    b"\x1bOD": Key.LEFT,
    b"\x1b[1;2C": Key.SHIFT_RIGHT,
    b"\x1b[1;2D": Key.SHIFT_LEFT,
    b"\x1b[c": Key.SHIFT_RIGHT,
    b"\x1b[d": Key.SHIFT_LEFT,
    b"\x1b[1;2A": Key.UP,
    b"\x1b[1;1D": Key.LEFT,
}
NO_KEYS_OF_OURS = (
    b"\x1b[1;5q",  # an answer of the terminal, with a letter that is a key
    b"\x1b[15~",
    b"\x1bOS",
    b"\x1b[<0;12;3M",
    b"\x1b[I",
    b"\x1bq",  # Alt and q
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1bP1$r0 q\x1b\\",
)


@pytest.mark.parametrize("data", ARROWS)
def test_arrows_of_all_terminals(data: bytes) -> None:
    assert KeyDecoder().feed(data) == [ARROWS[data]]


@pytest.mark.parametrize("data", [*ARROWS, *NO_KEYS_OF_OURS])
def test_a_sequence_is_one_however_it_arrives(data: bytes) -> None:
    expected = [ARROWS[data]] if data in ARROWS else []
    for cut in range(1, len(data)):
        decoder = KeyDecoder()
        keys = [key for part in (data[:cut], data[cut:], b"s") for key in decoder.feed(part)]
        assert keys == [*expected, "s"], f"cut at {cut}"


def test_escape_is_a_key_when_nothing_follows() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b") == []
    assert decoder.waiting
    assert decoder.pause() == [Key.ESCAPE]
    assert not decoder.waiting
    assert decoder.pause() == []
    assert decoder.feed(b"\x1b\x1b[A") == [Key.ESCAPE, Key.UP]


def test_a_sequence_that_breaks_off_is_no_key() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b[1;") == []
    assert decoder.pause() == []
    assert decoder.feed(b"q") == ["q"]


def test_what_is_no_sequence_at_all_holds_up_no_key() -> None:
    assert KeyDecoder().feed("\x1b[éq".encode())[-1] == "q"


def test_what_is_pasted_is_no_key() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"p\x1b[200~qms\x1b[A") == ["p"]
    assert decoder.feed(b"q\x1b[20") == []
    assert decoder.feed(b"1~m") == ["m"]


def test_what_is_pasted_without_marks_is_told_by_its_speed() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"sq\x1b[Cp then more of it, ") == []
    assert decoder.feed(b"mqs") == [], "it goes on until there is a pause"
    assert decoder.waiting
    assert decoder.pause() == []
    assert decoder.feed(b"mq") == ["m", "q"]


def test_a_key_that_is_held_down_is_no_paste() -> None:
    assert KeyDecoder().feed(b"\x1b[C" * 40) == [Key.RIGHT] * 40


def test_letters_beyond_ascii_may_be_cut() -> None:
    decoder = KeyDecoder()
    keys = [key for byte in "ü→s".encode() for key in decoder.feed(bytes([byte]))]
    assert keys == ["ü", "→", "s"]


def test_a_sequence_without_end_does_not_hold_up_the_keys() -> None:
    decoder = KeyDecoder()
    decoder.feed(b"\x1b]" + b"x" * 3000)
    decoder.feed(b"x" * 3000)
    decoder.pause()
    assert decoder.feed(b"q") == ["q"]


PIECES = st.sampled_from(
    [*ARROWS, *NO_KEYS_OF_OURS, b"\x1b", b"\x1b[", b"\x1bO", b"\x1b]", b"q", b"\xff", b"\xc3"]
)


@given(st.lists(PIECES | st.binary(max_size=6), max_size=20))
def test_whatever_arrives_the_keys_work_after_a_pause(pieces: list[bytes]) -> None:
    decoder = KeyDecoder()
    for piece in pieces:
        decoder.feed(piece)
    # Of a character that was cut the beginning is still there; and a paste must have its end.
    decoder.feed(b"\x1b\\\x07")
    decoder.pause()
    decoder.feed(b"\x1b[201~")
    decoder.pause()
    assert decoder.feed(b"\x1b[A") == [Key.UP]
    assert decoder.feed(b"q") == ["q"]
