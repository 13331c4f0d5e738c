"""Settings that do not fit their field, in words for the person who wrote them."""

import json
from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec
from msgspec import inspect


def misfit(settings: Mapping[str, Any], kind: type[msgspec.Struct]) -> tuple[str, str] | None:
    """The first setting that does not fit its field, and why: ``("channel", "must be ...")``.

    Args:
        settings: values by the names of fields of `kind`; some of its fields, and no others.

    Returns:
        None if all of them fit.
    """
    for name, wanted in get_type_hints(kind, include_extras=True).items():
        if name in settings:
            try:
                msgspec.convert(settings[name], wanted)
            except msgspec.ValidationError:
                expected = _in_words(inspect.type_info(wanted))
                return name, f"must be {expected}, not {_shown(settings[name])}"
    return None


def _shown(value: Any) -> str:
    """A value as files have it, TOML as well as JSON."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # an integer of thousands of digits, endless brackets
        return "this"


def _in_words(kind: inspect.Type) -> str:
    match kind:
        case inspect.UnionType(types=kinds):
            return " or ".join(_in_words(x) for x in kinds if not isinstance(x, inspect.NoneType))
        case inspect.StrType(min_length=int(least), max_length=int(most)):
            return f"text of {least} to {most} characters"
        case inspect.StrType():
            return "text"
        case inspect.IntType(ge=int(least), le=int(most)):
            return f"a whole number from {least} to {most}"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType(item_type=item, min_length=least):
            return f"a list of {_in_words(item)}" + (f", at least {least} item" if least else "")
        case inspect.DictType(value_type=value):
            return f"a table with {_in_words(value)} for each name"
        case inspect.StructType(fields=fields):
            return f"a table with {', '.join(field.name for field in fields)}"
    raise NotImplementedError(f"no words for {kind}")
