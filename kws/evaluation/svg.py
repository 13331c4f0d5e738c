"""Figures as SVG that is part of a page: in its colours, light or dark, and read out."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from itertools import cycle, islice

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, LINE = "#000001", "#000002"
_SERIES = tuple(f"#0001{number:02x}" for number in range(1, 9))
_VARIABLES = {
    INK: "var(--ink)",
    LINE: "var(--line)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(_SERIES, 1)},
}
"""Matplotlib knows no variables of a style sheet: it draws with colours that stand for them."""

_CSS_PIXELS = 96
"""In an inch."""
_SMALLEST, _LARGEST = 0.9, 1.2
"""How far a figure shrinks and grows with the page; on a narrower one it scrolls."""


@contextmanager
def page_style() -> Iterator[None]:
    """While a figure is made and written: what all figures of a page have in common."""
    with mpl.rc_context(
        {
            "font.size": 10.0,
            "text.color": INK,
            "text.parse_math": False,
            "axes.labelcolor": INK,
            "axes.edgecolor": LINE,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": LINE,
            "grid.linewidth": 0.6,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.major.size": 0,
            "ytick.major.size": 0,
            "xtick.labelsize": 9,
            "ytick.labelsize": 9,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "savefig.facecolor": "none",
            "savefig.edgecolor": "none",
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "svg.fonttype": "none",
            "svg.hashsalt": "kws",
        }
    ):
        yield


def series(count: int) -> list[str]:
    """Colours for so many curves; from the ninth on they come again."""
    return list(islice(cycle(_SERIES), count))


def axes(width: float, height: float) -> Axes:
    """The only axes of a new figure, in inches."""
    return Figure((width, height), layout="constrained").add_subplot()


def inline_svg(drawn: Axes, name: str, description: str) -> str:
    """The figure of some axes as an element of a page.

    Args:
        name: a word that no other figure of the page has.
        description: what there is to see, for those who do not.
    """
    figure = drawn.figure
    assert isinstance(figure, Figure)
    buffer = io.BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(buffer, format="svg", metadata=nothing)
    _, _, element = buffer.getvalue().decode().partition("<svg")
    attributes, _, inner = element.partition(">")
    inner = re.sub(
        r"<style\b.*?</style>|<metadata\b.*?</metadata>|<!--.*?-->", "", inner, flags=re.S
    )
    # All figures number their parts alike.
    inner = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", inner)
    inner = re.sub("#[0-9a-f]{6}", lambda found: _VARIABLES.get(found[0], found[0]), inner)
    title = f'<title id="{name}-title">{escape(description)}</title>'
    width = figure.get_figwidth() * _CSS_PIXELS
    style = f"min-width: {_SMALLEST * width:.0f}px; max-width: {_LARGEST * width:.0f}px"
    return (
        f'<svg role="img" aria-labelledby="{name}-title" style="{style}"{attributes}>'
        f"{title}{inner.strip()}"
    )
