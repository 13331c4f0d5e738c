"""When systemd is told that all is well, and when not."""

import time
from types import SimpleNamespace

import pytest

from kws.daemon import watchdog
from kws.daemon.watchdog import Watchdog


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watchdog, "time", clock)
    return clock


def make(period: float | None = 20.0) -> tuple[Watchdog, SimpleNamespace, SimpleNamespace, list]:
    fed: list[float] = []
    inference = SimpleNamespace(turned=1000.0)
    server = SimpleNamespace(progress=0)
    notifier = SimpleNamespace(
        watchdog_seconds=period, watchdog=lambda: fed.append(time.monotonic())
    )
    return Watchdog(inference, server, notifier), inference, server, fed  # type: ignore[arg-type]


def test_fed_while_both_threads_turn(clock: Clock) -> None:
    dog, inference, server, fed = make()
    for _ in range(240):
        clock.now += 0.25
        inference.turned = clock.now
        server.progress += 1
        dog.turn()
    assert 11 <= len(fed) <= 13, "every five seconds for a minute"


@pytest.mark.parametrize("victim", ["inference", "socket"])
def test_starved_by_a_thread_that_stands_still(clock: Clock, victim: str) -> None:
    dog, inference, server, fed = make()
    dog.turn()
    count = len(fed)
    for _ in range(240):
        clock.now += 0.25
        if victim != "inference":
            inference.turned = clock.now
        if victim != "socket":
            server.progress += 1
        dog.turn()
    assert len(fed) == count
    inference.turned = clock.now
    server.progress += 1
    dog.turn()
    assert len(fed) == count + 1


def test_without_systemd_nothing_is_sent(clock: Clock) -> None:
    dog, _, _, fed = make(period=None)
    dog.turn()
    assert fed == []
