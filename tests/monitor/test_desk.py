"""Asking a control socket without waiting for it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from kws.errors import ConfigError, NoDaemonError
from kws.events.requests import Describe, HandledRequest, Mute, Reply, SetThreshold, ThresholdSet
from kws.monitor.desk import Answer, Desk, MonitorRequest
from tests.support.listener import DEADLINE, wait_for
from tests.support.stand_in import Ears, make_server, start


class SlowEars(Ears):
    """Carries out a request when it is let go on; keeps all that it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[HandledRequest] = []
        self.go_on = threading.Event()

    def __call__(self, request: HandledRequest) -> Reply:
        self.asked.append(request)
        self.go_on.wait()
        return super().__call__(request)


@pytest.fixture
def ears() -> SlowEars:
    return SlowEars()


@pytest.fixture
def control(tmp_path: Path, ears: SlowEars) -> Iterator[str]:
    """The control socket of a daemon that answers when `ears` lets it."""
    server = make_server(tmp_path)
    start(server, ears)
    yield f"ipc://{tmp_path}/control"
    ears.go_on.set()
    server.stop()


@pytest.fixture
def desk(control: str, ears: SlowEars) -> Iterator[Desk]:
    """A desk before that daemon."""
    desk = Desk(control, None)
    yield desk
    ears.go_on.set()
    desk.close()


def yes(threshold: float, save: bool = False) -> SetThreshold:
    return SetThreshold(keyword="yes", threshold=threshold, save=save)


def wait_answers(desk: Desk, count: int) -> list[Answer]:
    answers: list[Answer] = []

    def collect() -> bool:
        answers.extend(desk.answers())
        return len(answers) >= count

    wait_for(f"{count} answers", collect)
    return answers


def test_asking_and_looking_for_answers_never_waits(desk: Desk, ears: SlowEars) -> None:
    desk.ask(yes(0.7))
    wait_for("the request", lambda: ears.asked)
    assert desk.answers() == []
    ears.go_on.set()
    (answer,) = wait_answers(desk, 1)
    assert answer == (yes(0.7), ThresholdSet(keyword="yes", threshold=0.7))


def test_behind_a_slow_daemon_only_the_newest_of_a_kind_waits(desk: Desk, ears: SlowEars) -> None:
    desk.ask(yes(0.5))
    wait_for("the request", lambda: ears.asked)
    for step in range(1, 30):
        desk.ask(yes(0.5 + step / 100))
        desk.ask(Describe())
    desk.ask(SetThreshold(keyword="no", threshold=0.4))
    ears.go_on.set()
    wait_answers(desk, 4)
    assert ears.asked == [
        yes(0.5),
        yes(0.79),
        Describe(),
        SetThreshold(keyword="no", threshold=0.4),
    ]


def test_a_change_does_not_overtake_the_save_before_it(desk: Desk, ears: SlowEars) -> None:
    desk.ask(Describe())
    wait_for("the request", lambda: ears.asked)
    desk.ask(yes(0.6))
    desk.ask(yes(0.6, save=True))
    desk.ask(yes(0.7))
    ears.go_on.set()
    wait_answers(desk, 3)
    assert ears.asked[1:] == [yes(0.6, save=True), yes(0.7)]


def test_a_refusal_is_an_answer(desk: Desk, ears: SlowEars) -> None:
    ears.go_on.set()
    desk.ask(SetThreshold(keyword="nix", threshold=0.4))
    (answer,) = wait_answers(desk, 1)
    assert isinstance(answer.reply, ConfigError)
    assert str(answer.reply) == "no keyword 'nix'"


def test_closing_carries_out_what_waits(control: str, ears: SlowEars) -> None:
    desk = Desk(control, None)
    desk.ask(Describe())
    wait_for("the request", lambda: ears.asked)
    desk.ask(yes(0.7, save=True))
    ears.go_on.set()
    answers = desk.close()
    assert [answer.request for answer in answers] == [Describe(), yes(0.7, save=True)]
    assert ears.asked[-1] == yes(0.7, save=True)


def test_what_was_not_answered_is_not_carried_out_by_the_next_daemon(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/control"
    desk = Desk(endpoint, None)
    desk.ask(yes(0.7))
    (answer,) = wait_answers(desk, 1)
    assert isinstance(answer.reply, NoDaemonError)
    desk.ask(yes(0.4))
    with zmq.Context() as context, context.socket(zmq.ROUTER) as next_daemon:
        next_daemon.linger = 0
        next_daemon.bind(endpoint)
        assert next_daemon.poll(int(1000 * DEADLINE))
        assert msgspec.json.decode(next_daemon.recv_multipart()[-1])["threshold"] == 0.4
    desk.close()


def test_closing_does_not_ask_a_daemon_that_is_gone_again_and_again(tmp_path: Path) -> None:
    desk = Desk(f"ipc://{tmp_path}/control", None)
    requests: list[MonitorRequest] = [yes(0.7), SetThreshold(keyword="no", threshold=0.4), Mute()]
    for request in requests:
        desk.ask(request)
    answers = desk.close()
    assert [answer.request for answer in answers] == requests
    # One wait, one explanation for all.
    assert len({id(answer.reply) for answer in answers}) == 1
