"""The JSON Schema of all events, for clients in other languages.

``python -m kws.events.schema > docs/events.schema.json`` makes the copy in the documentation.
"""

import ast
import inspect
import json
import textwrap
from typing import Any, get_args

import msgspec

from kws.events.messages import AnyEvent, ModelName

_IDENTIFIER = "https://json-schema.org/draft/2020-12/schema"


def event_schema() -> dict[str, Any]:
    """The schema (draft 2020-12): an event is one of its definitions, told apart by ``type``."""
    (union,), definitions = msgspec.json.schema_components(
        [AnyEvent], ref_template="#/$defs/{name}"
    )
    for struct in (*get_args(AnyEvent), ModelName):
        documented = field_docs(struct)
        definition = definitions[struct.__name__]
        for name, field in definition["properties"].items():
            field.pop("default", None)
            if name in documented:
                field["description"] = documented[name]
        # A default serves whoever builds an event; on the wire every field is there.
        definition["required"] = list(definition["properties"])
    return {"$schema": _IDENTIFIER, "title": "Events of kws", **union, "$defs": definitions}


def field_docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """What the strings under the fields of ``struct`` and of its bases say, on one line each."""
    documented: dict[str, str] = {}
    for kind in reversed(struct.__mro__):
        if issubclass(kind, msgspec.Struct) and kind is not msgspec.Struct:
            documented |= _own_field_docs(kind)
    return documented


def _own_field_docs(kind: type) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    documented = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                documented[name] = " ".join(text.split())
    return documented


if __name__ == "__main__":
    print(json.dumps(event_schema(), indent=2))  # noqa: T201
