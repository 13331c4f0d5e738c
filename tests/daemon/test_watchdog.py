"""When systemd is told that all is well, and when not."""

from types import SimpleNamespace

import pytest

from kws.audio import supervisor
from kws.daemon import watchdog
from kws.daemon.daemon import GIVE_UP_SECONDS
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


class Bench:
    """A watchdog over threads that turn when they are told to."""

    def __init__(self, clock: Clock, period: float | None = 20.0) -> None:
        self.fed: list[float] = []
        self._clock = clock
        self._source = SimpleNamespace(turned=1000.0)
        self._inference = SimpleNamespace(turned=1000.0)
        self._server = SimpleNamespace(progress=0)
        notifier = SimpleNamespace(
            watchdog_seconds=period, watchdog=lambda: self.fed.append(clock.now)
        )
        self._dog = Watchdog(self._source, self._inference, self._server, notifier)  # type: ignore[arg-type]

    def live(self, seconds: float, still: str = "") -> None:
        """Let time pass, in which all threads turn but the one named `still`."""
        for _ in range(round(4 * seconds)):
            self._clock.now += 0.25
            if still != "audio":
                self._source.turned = self._clock.now
            if still != "inference":
                self._inference.turned = self._clock.now
            if still != "socket":
                self._server.progress += 1
            self._dog.turn()


def test_fed_while_all_threads_turn(clock: Clock) -> None:
    bench = Bench(clock)
    bench.live(60)
    assert 11 <= len(bench.fed) <= 13, "every five seconds for a minute"


@pytest.mark.parametrize(
    ("still", "bound"), [("inference", 2), ("socket", 3), ("audio", watchdog.AUDIO_SECONDS)]
)
def test_starved_by_a_thread_that_stands_still(clock: Clock, still: str, bound: float) -> None:
    bench = Bench(clock)
    bench.live(bound, still)
    count = len(bench.fed)
    assert count > 0
    bench.live(60, still)
    assert len(bench.fed) == count
    bench.live(0.25)
    assert len(bench.fed) == count + 1


def test_a_microphone_that_is_missing_does_not_starve_it() -> None:
    """The audio thread calls PortAudio at least every five seconds, of which each may take 30."""
    assert watchdog.AUDIO_SECONDS > GIVE_UP_SECONDS + supervisor._LONGEST_PAUSE


def test_without_systemd_nothing_is_sent(clock: Clock) -> None:
    bench = Bench(clock, period=None)
    bench.live(60)
    assert bench.fed == []
