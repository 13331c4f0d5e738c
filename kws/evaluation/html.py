"""The bricks of a page that needs nothing else: no script, no font, no other file."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files


def document(title: str, body: Iterable[str]) -> str:
    """The whole page, light or dark as its reader likes it.

    Args:
        title: a text.
        body: parts, in HTML.
    """
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style></head>\n<body><main>\n"
        + "\n".join(body)
        + "\n</main></body></html>\n"
    )


def table(
    name: str,
    header: Iterable[str],
    rows: Iterable[Iterable[str]],
    others: Iterable[bool],
    style: str = "numbers",
) -> str:
    """A table of texts, whose first column says what each row is about.

    Args:
        name: what it shows, for those who hear the page instead of seeing it.
        others: whether a row is set back.
        style: "numbers" or "text".
    """
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    lines = []
    for (first, *rest), other in zip(rows, others, strict=True):
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        kind = ' class="other"' if other else ""
        lines.append(f'<tr{kind}><th scope="row">{escape(first)}</th>{cells}</tr>')
    return _scrolling(
        f'<table class="{style}"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody>'
        "</table>",
        name,
    )


def figure(svg: str, caption: str) -> str:
    """A picture, which scrolls where the page is too narrow for its letters, and what it shows."""
    return f"<figure>{_scrolling(svg, caption)}<figcaption>{escape(caption)}</figcaption></figure>"


def _scrolling(inner: str, name: str) -> str:
    """A part that scrolls sideways, also by keyboard."""
    return (
        f'<div class="scroll" role="group" aria-label="{escape(name)}" tabindex="0">{inner}</div>'
    )
