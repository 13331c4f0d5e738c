"""The colours of words in a picture."""

from collections.abc import Iterable
from typing import NamedTuple


class WordColour(NamedTuple):
    """What a word is drawn in."""

    curve: str
    text: str
    """The same, dark enough for small print on white."""


COLOURS = (
    WordColour("#1e41e9", "#1e41e9"),
    WordColour("#d22d7f", "#d22d7f"),
    WordColour("#005c4a", "#005c4a"),
    WordColour("#b277fb", "#8d5ec7"),
    WordColour("#939a03", "#757a02"),
    WordColour("#1e96a1", "#1a818a"),
    WordColour("#64025e", "#64025e"),
    WordColour("#c18678", "#98695e"),
    WordColour("#730100", "#730100"),
    WordColour("#835e18", "#835e18"),
)
"""Ten that can be told apart on white, also by eyes that lack the cones for red, green or blue.

A search chose them: among colours that stand out from white by 3:1, ten of which the two most alike
are as different as can be found (CIEDE2000), to any of these eyes.
"""


def colours_of(words: Iterable[str]) -> dict[str, WordColour]:
    """A colour for each word, in order; from the eleventh on they come again."""
    return {word: COLOURS[index % len(COLOURS)] for index, word in enumerate(words)}
