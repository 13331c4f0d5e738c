"""Messages of errors are one line that a terminal can show, whatever they quote."""

from kws.errors import KwsError, ModelError


def test_a_message_stays_as_it_is() -> None:
    assert str(ModelError("größer als 3 'µs' 🎤")) == "größer als 3 'µs' 🎤"


def test_what_would_move_the_cursor_is_spelt_out() -> None:
    quoted = "a\nb\x1b[2J\u202ec\udcff"
    assert str(KwsError(f"unknown field {quoted}")) == r"unknown field a\nb\u001b[2J\u202ec\udcff"


def test_an_endless_message_is_cut_in_the_middle() -> None:
    message = str(KwsError("begin" + "x" * 100_000 + "end"))
    assert len(message) < 1100
    assert message.startswith("beginx")
    assert message.endswith("xend")
