"""Reasons to be mute, and their limits."""

import time
from datetime import timedelta

import pytest

from kws.daemon.mutes import Mutes
from kws.events.messages import now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until a test moves it."""
    moment = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    return moment


def test_a_reason_runs_out(clock: list[float]) -> None:
    mutes = Mutes()
    mutes.add("tts", 10)
    clock[0] += 9.9
    assert (mutes.expire(), mutes.reasons) == ([], ["tts"])
    clock[0] += 0.1
    assert (mutes.expire(), mutes.reasons) == (["tts"], [])
    assert not mutes


def test_one_without_a_limit_does_not(clock: list[float]) -> None:
    mutes = Mutes()
    mutes.add("tts", 10)
    mutes.add("user", None)
    assert mutes.until is None
    clock[0] += 1e6
    assert mutes.expire() == ["tts"]
    assert mutes.muting().reasons == ["user"]


def test_the_last_to_run_out_says_when() -> None:
    mutes = Mutes()
    before = now()
    mutes.add("a", 60)
    mutes.add("b", 600)
    mutes.add("c", 6)
    assert mutes.until is not None
    assert before <= mutes.until - timedelta(seconds=600) <= now()
    assert mutes.until == mutes.until
    mutes.withdraw(None)
    assert mutes.until is None


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [(10, None, ["tts"]), (None, 10, []), (5, 20, []), (20, 30, ["tts"])],
)
def test_the_latest_word_on_a_reason_counts(
    clock: list[float], first: float | None, second: float | None, left: list[str]
) -> None:
    mutes = Mutes()
    mutes.add("tts", first)
    mutes.add("tts", second)
    clock[0] += 25
    mutes.expire()
    assert mutes.reasons == left


def test_the_clock_on_the_wall_does_not_count(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutes = Mutes()
    monkeypatch.setattr("kws.daemon.mutes.now", lambda: now() - timedelta(days=900))
    mutes.add("tts", 10)
    assert mutes.expire() == []
