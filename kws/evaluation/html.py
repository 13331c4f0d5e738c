"""The bricks of a page that needs nothing else: no script, no font, no other file."""

import base64
from collections.abc import Iterable
from html import escape

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff;
       max-width: 70rem; margin: 2.5rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.2rem; margin: 2.6rem 0 .5rem; }
p { max-width: 46rem; } .quiet { color: #5f6b76; }
.cards { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.5rem 0; }
.card { flex: 1 1 9rem; border: 1px solid #d9dee3; border-radius: .5rem; padding: .7rem .9rem; }
.card b { display: block; font-size: 1.5rem; line-height: 1.3; }
.card span { color: #5f6b76; font-size: .85rem; }
table { border-collapse: collapse; margin: .6rem 0 1.2rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #e6eaee; }
th { font-weight: 600; font-size: .85rem; vertical-align: bottom; }
td:first-child, th:first-child, .text td, .text th { text-align: left; padding-left: 0; }
.text td { padding-right: 1.2rem; } .wide { overflow-x: auto; }
td { white-space: nowrap; }
tr.other td { color: #5f6b76; }
img { max-width: 100%; display: block; margin: .5rem 0 1rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; } .pair img { flex: 1 1 26rem; min-width: 0; }
details { margin: .4rem 0; } summary { cursor: pointer; font-weight: 600; }
.remark { border-left: 3px solid #c77400; padding-left: .7rem; }
"""


def document(title: str, body: Iterable[str]) -> str:
    """The whole page; `title` is text, the parts of `body` are HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def table(
    header: Iterable[str],
    rows: Iterable[Iterable[str]],
    others: Iterable[bool],
    style: str = "numbers",
) -> str:
    """A table of texts; the rows that are true in `others` are set back."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    lines = [
        ('<tr class="other">' if other else "<tr>")
        + "".join(f"<td>{escape(cell)}</td>" for cell in row)
        + "</tr>"
        for row, other in zip(rows, others, strict=True)
    ]
    return (
        f'<div class="wide"><table class="{style}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def image(svg: str, description: str) -> str:
    """An SVG within the page."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(description)}" src="data:image/svg+xml;base64,{data}">'
