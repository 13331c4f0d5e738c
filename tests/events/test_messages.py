"""Every message class of the package: round trip, documentation, schema."""

import importlib
import inspect
import json
import math
import pkgutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kws.events
from kws.events import messages, requests, topics
from kws.events.messages import (
    AnyEvent,
    DetectionEvent,
    ErrorEvent,
    Event,
    HeartbeatEvent,
    decode_event,
    encode_event,
)
from kws.events.schema import event_schema, field_docs
from kws.spotting.detection import Detection
from tests.support import stand_in

COMMITTED_SCHEMA = Path(__file__).parents[2] / "docs" / "events.schema.json"


def all_message_classes() -> list[type[msgspec.Struct]]:
    """Every struct that any module of kws.events defines; nothing has to be listed by hand."""
    found = set()
    for info in pkgutil.iter_modules(kws.events.__path__, "kws.events."):
        module = importlib.import_module(info.name)
        for _, value in inspect.getmembers(module, inspect.isclass):
            if issubclass(value, msgspec.Struct) and value.__module__ == info.name:
                found.add(value)
    return sorted(found, key=lambda struct: struct.__name__)


ABSTRACT = {Event, requests.RequestBase, requests.ReplyBase}
CONCRETE = [struct for struct in all_message_classes() if struct not in ABSTRACT]

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
INSTANTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
INTEGERS = st.integers(-(2**53), 2**53)


def values(kind: object) -> st.SearchStrategy[Any]:
    """Values of a msgspec type, found from its own description."""
    match kind:
        case msgspec.inspect.FloatType(gt=low, le=high) if low is not None:
            return st.floats(low, high, exclude_min=True)
        case msgspec.inspect.FloatType(ge=None):
            return NUMBERS
        case msgspec.inspect.FloatType(ge=low, le=high):
            return st.floats(low, high)
        case msgspec.inspect.IntType(ge=low, le=high) if low is not None:
            return st.integers(low, high)
        case msgspec.inspect.IntType():
            return INTEGERS
        case msgspec.inspect.StrType(min_length=low, max_length=high, pattern=pattern):
            letters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
            alphabet = st.characters(codec="utf-8") if pattern is None else letters
            return st.text(alphabet, min_size=low or 0, max_size=high if high is not None else 20)
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.DateTimeType():
            return INSTANTS
        case msgspec.inspect.LiteralType(values=choices):
            return st.sampled_from(choices)
        case msgspec.inspect.UnionType(types=kinds):
            return st.one_of(*map(values, kinds))
        case msgspec.inspect.ListType(item_type=item):
            return st.lists(values(item), max_size=3)
        case msgspec.inspect.DictType(key_type=key, value_type=item):
            return st.dictionaries(values(key), values(item), max_size=3)
        case msgspec.inspect.StructType(cls=struct, fields=fields):
            return st.builds(struct, **{field.name: values(field.type) for field in fields})
    raise AssertionError(f"no strategy for {kind}")


def instances(struct: type[msgspec.Struct]) -> st.SearchStrategy[msgspec.Struct]:
    found: st.SearchStrategy[msgspec.Struct] = values(msgspec.inspect.type_info(struct))
    return found


def test_all_message_classes_are_found() -> None:
    assert set(get_args(AnyEvent)) <= set(CONCRETE)
    assert {*get_args(requests.Request), *get_args(requests.Reply)} <= set(CONCRETE)
    assert len(CONCRETE) > 20


@pytest.mark.parametrize("struct", CONCRETE)
@settings(max_examples=25)
@given(data=st.data())
def test_round_trip(struct: type[msgspec.Struct], data: st.DataObject) -> None:
    message = data.draw(instances(struct))
    wire = msgspec.json.encode(message)
    json.loads(wire, parse_constant=pytest.fail)
    # As the receiver decodes it: by its tag, among all others of its kind.
    family: object = struct
    for union in (AnyEvent, requests.Request, requests.Reply):
        if struct in get_args(union):
            family = union
    assert msgspec.json.decode(wire, type=family) == message


@pytest.mark.parametrize("struct", CONCRETE)
def test_every_field_and_class_is_documented(struct: type[msgspec.Struct]) -> None:
    assert struct.__doc__
    assert set(field_docs(struct)) == set(struct.__struct_fields__)


@pytest.mark.parametrize("struct", get_args(AnyEvent))
@settings(max_examples=25)
@given(data=st.data())
def test_events_match_the_schema(struct: type[Event], data: st.DataObject) -> None:
    drawn = data.draw(instances(struct))
    assert isinstance(drawn, Event)
    event = json.loads(encode_event(drawn))
    VALIDATOR.validate(event)
    event.pop(data.draw(st.sampled_from(sorted(event))))
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(event)


VALIDATOR = jsonschema.Draft202012Validator(event_schema())


def test_committed_schema_is_current() -> None:
    committed = json.loads(COMMITTED_SCHEMA.read_text())
    assert committed == event_schema(), (
        "run `python -m kws.events.schema > docs/events.schema.json`"
    )


def test_schema_is_a_schema_and_documents_every_field() -> None:
    schema = event_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        for name, field in definition["properties"].items():
            assert name == "type" or field["description"]


@pytest.mark.parametrize("struct", get_args(AnyEvent))
@settings(max_examples=25)
@given(data=st.data())
def test_topics_end_in_a_slash(struct: type[Event], data: st.DataObject) -> None:
    drawn = data.draw(instances(struct))
    assert isinstance(drawn, Event)
    topic = drawn.topic
    assert topic.startswith("kws/")
    assert topic.endswith("/")
    assert topic.count("/") == (3 if struct is DetectionEvent else 2)


def test_topic_of_a_word_is_no_prefix_of_a_longer_one() -> None:
    assert not topics.detection_topic("one").startswith(topics.detection_topic("on"))
    assert topics.detection_topic("and/or") == "kws/detection/and%2For/"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_nonfinite_numbers_are_refused_by_name(bad: float) -> None:
    beat = HeartbeatEvent(state="listening", uptime=1.0, samples=1, real_time_factor=bad)
    with pytest.raises(ValueError, match="real_time_factor is no finite number"):
        encode_event(beat)
    block = messages.PosteriorsEvent(
        position=1, posteriors={"yes": 0.5, "no": bad}, scores={}, level_dbfs=-3.0
    )
    with pytest.raises(ValueError, match="posteriors is no finite number"):
        encode_event(block)


def test_file_names_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="surrogates not allowed"):
        encode_event(ErrorEvent(code="gap", detail="\udcff"))


def test_event_of_a_detection() -> None:
    heard = Detection("yes", 0.876543, 0.6, 1000, 9000, 10600, -21.26)
    event = DetectionEvent.of(heard, messages.ModelName(name="m", sha256="0"), source="a.flac")
    assert (event.start, event.end, event.fired) == (1000, 9000, 10600)
    assert (event.score, event.level_dbfs, event.latency_ms) == (0.8765, -21.3, 100.0)
    assert (event.time, event.lag_ms, event.source) == (None, None, "a.flac")


def test_a_time_of_the_same_weekday_next_week_has_a_date() -> None:
    soon, later = messages.now() + timedelta(days=5), messages.now() + timedelta(days=7)
    assert messages.until_text(soon) == f"until {soon.astimezone():%a %H:%M:%S}"
    assert messages.until_text(later) == f"until {later.astimezone():%Y-%m-%d %H:%M:%S}"


def test_unknown_fields_of_a_newer_daemon_are_ignored() -> None:
    event = ErrorEvent(code="overrun", detail="0.1 s lost")
    wire = json.loads(encode_event(event)) | {"novelty": 1}
    assert decode_event(json.dumps(wire).encode()) == event


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 0},
        {"keyword": "stop\n12:00 yes"},
        {"keyword": "a\x00b"},
        {"keyword": ""},
        {"end": 10**400},
    ],
)
def test_a_hostile_detection_is_no_event(change: dict[str, object]) -> None:
    body = json.loads(encode_event(stand_in.detection(1))) | change
    with pytest.raises(msgspec.DecodeError):
        decode_event(json.dumps(body).encode())
