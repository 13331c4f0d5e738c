"""Requests that touch the spotter."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kws.config import saved_thresholds
from kws.daemon.request_handler import RequestHandler
from kws.errors import ConfigError, KwsError
from kws.events.requests import SetThreshold
from tests.support.ears import Bench
from tests.support.listener import DEADLINE


@pytest.fixture
def handler(bench: Bench) -> RequestHandler:
    return RequestHandler(bench.loop, bench.source, "boot", lambda: None)


def test_a_threshold_is_set_and_saved(
    bench: Bench, handler: RequestHandler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    handler(SetThreshold(keyword="yes", threshold=0.7, save=True))
    assert bench.hearing.spotter.stream.thresholds["yes"] == 0.7
    assert saved_thresholds() == {"yes": 0.7}
    assert handler.overrides == {"yes": 0.7}


def test_a_reload_right_behind_it_knows_the_threshold(
    bench: Bench, handler: RequestHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform, known = bench.loop.perform, []

    def perform_and_look(action: Callable[[], None]) -> None:
        perform(action, DEADLINE)
        known.append(dict(handler.overrides))

    monkeypatch.setattr(bench.loop, "perform", perform_and_look)
    handler(SetThreshold(keyword="yes", threshold=0.7))
    assert known == [{"yes": 0.7}]


def test_a_threshold_that_cannot_be_saved_is_not_in_force(
    bench: Bench, handler: RequestHandler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file" / "state"))
    with pytest.raises(KwsError):
        handler(SetThreshold(keyword="yes", threshold=0.7, save=True))
    assert bench.hearing.spotter.stream.thresholds["yes"] == 0.4
    assert handler.overrides == {}


def test_a_threshold_that_makes_no_sense_is_not_saved(
    bench: Bench, handler: RequestHandler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    for word, value in (("maybe", 0.7), ("yes", 1.5)):
        with pytest.raises(ConfigError):
            handler(SetThreshold(keyword=word, threshold=value, save=True))
    assert saved_thresholds() == {}
