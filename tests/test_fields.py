"""Settings that do not fit are refused in plain words, whatever their field holds."""

from typing import Annotated, get_type_hints

import msgspec
import pytest

from kws.config import ListenConfig
from kws.fields import misfit
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.recipe import Recipe


class Place(msgspec.Struct):
    street: str
    number: int


class Form(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=9)]
    age: Annotated[int, msgspec.Meta(ge=0, le=150)] | None = None
    size: float = 1.0
    pets: tuple[str, ...] = ()
    marks: dict[str, float] = {}
    home: Place | None = None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, 'name must be text of 1 to 9 characters, not ""'),
        ({"name": "Ärger mit Umlauten"}, "name must be text of 1 to 9 characters, not "),
        ({"age": True}, "age must be a whole number from 0 to 150, not true"),
        ({"name": "Ann", "size": "big"}, 'size must be a number, not "big"'),
        ({"pets": ["cat", 3]}, 'pets must be a list of text, not ["cat", 3]'),
        ({"marks": {"a": None}}, 'marks must be a table with a number for each name, not {"a": '),
        ({"name": 16**5000}, "name must be text of 1 to 9 characters, not this"),
        ({"home": {"street": "High"}}, 'home must be a table with street, number, not {"street"'),
    ],
)
def test_what_does_not_fit(settings: dict[str, object], message: str) -> None:
    wrong = misfit(settings, Form)
    assert wrong is not None
    assert " ".join(wrong).startswith(message)


def test_what_fits() -> None:
    assert misfit({"name": "Ann", "age": None, "size": 2, "home": None}, Form) is None


@pytest.mark.parametrize("kind", [ListenConfig, Recipe, PretrainingRecipe])
def test_there_are_words_for_every_setting(kind: type[msgspec.Struct]) -> None:
    for name in get_type_hints(kind):
        assert misfit({name: object()}, kind) is not None
