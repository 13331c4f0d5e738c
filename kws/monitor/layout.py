"""How the lines of the screen are shared out, the most important first."""

from typing import NamedTuple

_FIRST_WORDS = 4
_SHORT_HEARD = 2
_LONG_HEARD = 5
_AMPLE_HEARD = 8
"""From here on, what was heard can spare lines for the eye to rest on."""
_HEADINGS = 2
_AIR = 3


class Layout(NamedTuple):
    """Lines of each part, which add up to those of the screen."""

    title: int
    level: int
    words: int
    columns: int
    """In which the words stand side by side."""
    heard: int
    remark: int
    health: int
    keys: int
    headings: int
    """Over words and heard: 0 or 2."""
    air: int
    """Empty lines between the parts: 0 or 3."""

    @classmethod
    def of(cls, height: int, words: int, most_columns: int, health: int) -> "Layout":
        """The layout of a screen.

        Args:
            height: lines of the screen.
            words: how many there are.
            most_columns: of words that fit side by side.
            health: lines that all of the health takes.
        """
        left = height

        def take(wish: int) -> int:
            nonlocal left
            given = max(0, min(left, wish))
            left -= given
            return given

        least = lines_of(words, most_columns)
        title = take(1)
        shown = take(min(least, _FIRST_WORDS))
        keys = take(1)
        if least - shown <= left:
            shown += take(least - shown)
        level, heard = take(1), take(_SHORT_HEARD)
        # Where not all words fit anyway, a few more that are hidden are the smaller loss.
        shown += take(least - shown)
        remark, told = take(1), take(1)
        columns = most_columns
        if shown == least:
            # The fewer columns, the wider: there is room for bars and curves.
            columns = next(n for n in range(1, columns + 1) if lines_of(words, n) <= least + left)
            shown += take(lines_of(words, columns) - least)
        headings = take(_HEADINGS) if left >= _HEADINGS else 0
        heard += take(_LONG_HEARD - heard)
        told += take(health - told)
        air = take(_AIR) if heard + left >= _AMPLE_HEARD + _AIR else 0
        return cls(
            title=title,
            level=level,
            words=shown,
            columns=columns,
            heard=heard + left,
            remark=remark,
            health=told,
            keys=keys,
            headings=headings,
            air=air,
        )


def lines_of(words: int, columns: int) -> int:
    """Lines that so many words take, side by side in `columns`; one where there are none."""
    return max(1, -(-words // columns))
