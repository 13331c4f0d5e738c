"""Flags that change a recipe, of whatever kind it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from kws.cli.options import parse_words
from kws.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    import msgspec

RecipeT = TypeVar("RecipeT", bound="msgspec.Struct")


def leave_out(groups: Sequence[str], without: str | None) -> list[str]:
    """The groups of augmentation that `--without` leaves.

    Raises:
        ConfigError: it names one that there is not.
    """
    left_out = set(parse_words(without) or ())
    for group in sorted(left_out - set(groups)):
        raise ConfigError(
            f"--without: there is no augmentation {group!r}: {did_you_mean(group, groups)}"
        )
    return [group for group in groups if group not in left_out]


def changed(recipe: dict[str, Any], changes: Sequence[str], kind: type[RecipeT]) -> RecipeT:
    """The recipe of plain values with those of `--set FIELD=VALUE` in their place.

    Raises:
        ConfigError: a field that does not exist, no value, or one that does not fit its field.
    """
    import msgspec

    from kws.fields import misfit

    values = dict(recipe)
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise ConfigError(f"--set {change}: write FIELD=VALUE, for example lanes=32")
        if name not in recipe:
            raise ConfigError(f"--set: there is no field {name!r}: {did_you_mean(name, recipe)}")
        try:
            values[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            values[name] = value
    if (wrong := misfit(values, kind)) is not None:
        name, why = wrong
        raise ConfigError(f"the field {name} of the recipe {why}")
    return msgspec.convert(values, kind)
