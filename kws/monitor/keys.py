"""From the bytes that a terminal sends to the keys that were pressed."""

import codecs
import re
from enum import StrEnum


class Key(StrEnum):
    """The keys that are no single character."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    SHIFT_LEFT = "shift+left"
    SHIFT_RIGHT = "shift+right"
    ESCAPE = "escape"
    END = "end of input"
    """The terminal is gone."""


PASTES_MARKED = "\x1b[?2004h"
"""Asks a terminal to put marks around what is pasted."""
PASTES_UNMARKED = "\x1b[?2004l"

_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_TYPED_AT_ONCE = 8
"""Characters; nobody types more between two looks at the keyboard."""
_LONGEST = 4096
"""Characters of an escape sequence that has no end."""

_TOKEN = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: arrows and function keys, answers of the terminal
    r"|\x1bO[0-9;]*[@-~]"  # SS3: arrows in application mode
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\)"  # OSC, DCS and their like, up to their end
    r"|\x1b(?=\x1b)"  # the Escape key, then another sequence
    r"|\x1b[^\x1b\[O\]PX^_]"  # Alt and a character
    r"|[^\x1b]",
    re.DOTALL,
)
_BEGUN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|O[0-9;]*|[\]PX^_].*)?", re.DOTALL)
"""A sequence whose end has not come yet."""
_ARROW = re.compile(r"\x1b[\[O](?P<modifier>[\d;]*)(?P<letter>[A-Da-d])")
_ARROWS = {"A": Key.UP, "B": Key.DOWN, "C": Key.RIGHT, "D": Key.LEFT}
_SHIFTED = {Key.LEFT: Key.SHIFT_LEFT, Key.RIGHT: Key.SHIFT_RIGHT}


class KeyDecoder:
    """Takes the bytes as they arrive, cut anywhere, and gives keys: `Key`, or one character.

    What is pasted is no key.  A terminal that does not mark it is told by its speed.
    """

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore").decode
        self._rest = ""
        self._pasting = self._flooded = False

    @property
    def waiting(self) -> bool:
        """Whether it depends on what follows, or on a pause, what was meant."""
        return bool(self._rest) or self._flooded

    def feed(self, data: bytes) -> list[str]:
        """The keys in `data` and what was left before it."""
        self._rest += self._decode(data)
        keys: list[str] = []
        while self._rest:
            token = self._next_token()
            if token is None:
                break
            key = None if self._pasting else _key(token)
            if token == _PASTE_BEGINS:
                self._pasting = True
            elif token == _PASTE_ENDS:
                self._pasting = False
            elif key is not None:
                keys.append(key)
        if sum(len(key) == 1 for key in keys) > _TYPED_AT_ONCE:
            self._flooded = True
        return [] if self._flooded else keys

    def pause(self) -> list[str]:
        """The keys that are sure now that nothing has followed for a while."""
        rest, self._rest, self._flooded = self._rest, "", False
        return [Key.ESCAPE] if rest == "\x1b" and not self._pasting else []

    def _next_token(self) -> str | None:
        """Take a sequence or a character from the rest; None when its end has not come yet."""
        found = _TOKEN.match(self._rest)
        if found is None and _BEGUN.fullmatch(self._rest) and len(self._rest) < _LONGEST:
            return None
        token = found[0] if found is not None else ""  # an Escape that begins nothing
        self._rest = self._rest[len(token) or 1 :]
        return token


def _key(token: str) -> str | None:
    """The key of a complete sequence or a character; None for what is none of ours."""
    if token == "\x1b":
        return Key.ESCAPE
    if len(token) <= 1:
        return token or None
    arrow = _ARROW.fullmatch(token)
    if arrow is None:
        return None
    key = _ARROWS[arrow["letter"].upper()]
    # xterm: 1;2 before the letter; rxvt: a small letter.  Ctrl and Alt are taken for shift.
    shifted = arrow["letter"].islower() or arrow["modifier"] not in ("", "1", "1;1")
    return _SHIFTED.get(key, key) if shifted else key
