"""What docs/events.md says of the wire is what the code understands."""

import json
import re
from pathlib import Path
from typing import get_args

import jsonschema
import msgspec

from kws.events import topics
from kws.events.messages import AnyEvent
from kws.events.requests import Request
from kws.events.schema import event_schema

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text()


def test_every_request_of_the_page_is_one_and_none_is_missing() -> None:
    shown = re.findall(r"`(\{\"request\".*?\})`", PAGE)
    understood = {type(msgspec.json.decode(request, type=Request)) for request in shown}
    assert understood == set(get_args(Request))


def test_every_event_of_the_page_is_one_and_none_is_missing() -> None:
    shown = dict(re.findall(r"^\| `(kws/\S+)` \| `(\w+)` \|", PAGE, re.MULTILINE))
    assert shown == {
        f"{topics.DETECTION}<keyword>/": "detection",
        topics.STATE: "state",
        topics.HEARTBEAT: "heartbeat",
        topics.POSTERIORS: "posteriors",
        topics.ERROR: "error",
    }
    tags = {struct.__struct_config__.tag for struct in get_args(AnyEvent)}
    assert set(shown.values()) == tags


def test_the_detection_of_the_page_matches_the_schema() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    jsonschema.validate(json.loads(shown), event_schema())
