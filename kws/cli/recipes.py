"""Flags that change a recipe, of whatever kind it is."""

from collections.abc import Sequence
from typing import Any

from kws.cli.options import parse_words
from kws.errors import ConfigError, did_you_mean


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


def change_fields(recipe: dict[str, Any], changes: Sequence[str]) -> None:
    """Put the values of `--set FIELD=VALUE` into a recipe of plain values.

    Raises:
        ConfigError: a field that does not exist, or no value.
    """
    import msgspec

    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise ConfigError(f"--set {change}: write FIELD=VALUE, for example lanes=32")
        if name not in recipe:
            raise ConfigError(f"--set: there is no field {name!r}: {did_you_mean(name, recipe)}")
        try:
            recipe[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            recipe[name] = value
