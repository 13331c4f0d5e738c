"""Write docs/api.md, the reference of the Python names, from their docstrings.

python -m scripts.make_api_reference            # writes it
python -m scripts.make_api_reference --check    # exit code 1 if it is out of date
"""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import msgspec

import kws
from kws.events import messages
from kws.events.schema import field_docs

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
COMMAND = "python -m scripts.make_api_reference"
EVENTS = (
    messages.DetectionEvent,
    messages.StateEvent,
    messages.HeartbeatEvent,
    messages.PosteriorsEvent,
    messages.ErrorEvent,
)
_INTRODUCTION = f"""\
# From Python

<!-- Made by `{COMMAND}`: change the docstrings, not this page. -->

`from kws import ...`; the names below are all that is promised to stay. `import kws` costs nothing:
each name is loaded when it is first used. Samples are mono float32 in [-1, 1] at 16 kHz; shapes
stand in brackets.
"""


def reference() -> str:
    """The whole page."""
    lines = [_INTRODUCTION]
    for name in kws.__all__:
        lines += _entry(name, getattr(kws, name))
    lines += [
        "## Events",
        "",
        "What a `Subscriber` gives. All have the header of the first table.",
        "",
    ]
    lines += _fields("Header", messages.Event)
    for event in EVENTS:
        lines += _fields(event.__name__, event)
    return "\n".join(lines).rstrip() + "\n"


def _entry(name: str, thing: Any) -> Iterator[str]:
    """Heading, signature and docstring of a public name, and its public methods."""
    yield f"## `{name}`"
    yield ""
    if inspect.isclass(thing) and issubclass(thing, msgspec.Struct):
        yield f"{_text(thing)} Its fields are below, under [Events](#events)."
        yield ""
        return
    if inspect.isclass(thing) and issubclass(thing, Exception):
        yield f"{_text(thing)}"
        yield ""
        return
    yield from ("```python", f"{name}{_signature(thing)}", "```", "", _text(thing), "")
    if not inspect.isclass(thing):
        return
    # A dataclass has a docstring of its own, and a constructor that Python wrote.
    if initial := "" if is_dataclass(thing) else vars(thing)["__init__"].__doc__ or "":
        yield from (_dedented(inspect.cleandoc(initial)), "")
    for own, member in _members(thing):
        function = member.fget if isinstance(member, property) else member
        shown = own if isinstance(member, property) else f"{own}{_signature(function)}"
        yield from (f"**`{name}.{shown}`**", "", _text(function), "")


def _members(thing: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties with a docstring, in the order of the source."""
    for own, member in vars(thing).items():
        documented = getattr(member, "fget", member)
        public = not own.startswith("_") and (
            inspect.isfunction(member) or isinstance(member, property)
        )
        if public and inspect.getdoc(documented):
            yield own, member


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    kept = [p for p in plain if p.name != "self"]
    shown = str(signature.replace(parameters=kept, return_annotation=inspect.Signature.empty))
    # Defaults that are functions would show where they lie in memory.
    return re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", shown)


def _text(thing: Any) -> str:
    return _dedented(inspect.getdoc(thing) or "")


def _dedented(text: str) -> str:
    """A docstring as Markdown: its sections in bold, its indented lists as lists."""
    lines = []
    for line in text.replace("::\n", ":\n").splitlines():
        if re.fullmatch(r"(Args|Attributes|Raises|Returns):", line):
            lines += ["", f"*{line.removesuffix(':')}:*", ""]
        elif match := re.fullmatch(r"    (\w[\w, ]*): (.*)", line):
            lines.append(f"- `{match[1]}`: {match[2]}")
        elif line.startswith("        "):
            lines.append(f"  {line.strip()}")
        else:
            lines.append(line)
    return "\n".join(lines).strip()


def _fields(title: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    """A table of the fields of an event that its parent does not have."""
    inherited = set(messages.Event.__struct_fields__) if struct is not messages.Event else set()
    yield from (f"### {title}", "", _text(struct), "", "| field | meaning |", "|---|---|")
    for name, text in field_docs(struct).items():
        if name not in inherited:
            yield f"| `{name}` | {' '.join(text.split())} |"
    yield ""


def main() -> None:
    """Write the page, or check it."""
    page = reference()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
        sys.exit(f"docs/api.md is out of date: run `{COMMAND}`")


if __name__ == "__main__":
    main()
