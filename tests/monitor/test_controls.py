"""What keys ask for, and what is shown of the answers."""

import pytest

from kws.errors import KwsError, NoDaemonError, OutputError
from kws.events.requests import (
    Describe,
    Mute,
    Muting,
    ReplyBase,
    SetThreshold,
    ThresholdSet,
    Unmute,
)
from kws.monitor.controls import STEP, STRIDE, Controls
from kws.monitor.desk import Answer, Desk, MonitorRequest
from kws.monitor.state import MonitorState
from tests.support.happenings import description, listening


class Pad(Desk):
    """A desk that only notes what it is asked."""

    def __init__(self, endpoint: str = "ipc:///nowhere") -> None:
        super().__init__(endpoint, None)
        self.noted: list[MonitorRequest] = []

    def ask(self, request: MonitorRequest) -> None:
        self.noted.append(request)


class Session:
    """A monitor of three words, its keys and the answers to them."""

    def __init__(self, endpoint: str = "ipc:///nowhere") -> None:
        self.state = listening()
        self.desk = Pad(endpoint)
        self.controls = Controls(self.state, self.desk)

    @property
    def said(self) -> str:
        return "" if self.state.remark is None else self.state.remark.text

    def change(self, *steps: float) -> None:
        for step in steps:
            self.controls.change(step, at=10.0)

    def answer(self, reply: ReplyBase | KwsError, request: MonitorRequest | None = None) -> None:
        """The answer to a request, to the last one if it is not said to which."""
        self.controls.take(Answer(request or self.desk.noted[-1], reply), at=10.0)


@pytest.fixture
def session() -> Session:
    return Session()


def in_force(session: Session) -> float | None:
    return session.state.thresholds["yes"]


def test_selecting_goes_round(session: Session) -> None:
    seen = []
    for step in (1, 1, 1, 1, -1, -1):
        session.controls.select(step)
        seen.append(session.state.selected)
    assert seen == ["yes", "no", "stop", "yes", "stop", "no"]
    session.controls.deselect()
    assert session.state.selected is None
    session.controls.select(-1)
    assert session.state.selected == "stop"


def test_without_words_there_is_nothing_to_select() -> None:
    state = MonitorState()
    Controls(state, Pad()).select(1)
    assert state.selected is None


def test_a_change_is_in_force_when_the_daemon_says_so(session: Session) -> None:
    session.controls.select(1)
    session.change(STEP)
    assert session.desk.noted == [SetThreshold(keyword="yes", threshold=0.61)]
    assert in_force(session) == 0.6
    assert session.state.asked == {"yes": 0.61}
    session.answer(ThresholdSet(keyword="yes", threshold=0.61))
    assert in_force(session) == 0.61
    assert not session.state.asked
    assert session.state.unsaved == {"yes"}
    assert session.said == "yes 0.61 in force: s saves it"


def test_changes_add_up_before_they_are_answered(session: Session) -> None:
    session.controls.select(1)
    session.change(STEP, STEP, STRIDE, -STEP)
    first, *_, last = session.desk.noted
    assert last == SetThreshold(keyword="yes", threshold=0.66)
    session.answer(ThresholdSet(keyword="yes", threshold=0.61), first)
    assert session.state.asked == {"yes": 0.66}, "this one is not answered yet"
    session.answer(ThresholdSet(keyword="yes", threshold=0.66))
    assert not session.state.asked


def test_a_value_between_two_steps_goes_to_the_next(session: Session) -> None:
    session.state.describe(description(yes=0.689974481127613))
    session.controls.select(1)
    session.change(STEP)
    session.change(-STEP)
    asked = [request.threshold for request in session.desk.noted if hasattr(request, "threshold")]
    assert asked == [0.7, 0.69]


@pytest.mark.parametrize(("step", "end"), [(STRIDE, 0.99), (-STRIDE, 0.01)])
def test_it_goes_as_far_as_a_threshold_makes_sense(
    session: Session, step: float, end: float
) -> None:
    session.controls.select(1)
    session.change(*[step] * 40)
    assert session.state.asked == {"yes": end}
    assert session.said == f"yes {end:.2f} is as far as it goes"
    assert len(session.desk.noted) < 40


def test_saving_says_where(session: Session) -> None:
    session.controls.select(1)
    session.change(STEP)
    session.controls.save(at=10.0)
    assert session.desk.noted[-1] == SetThreshold(keyword="yes", threshold=0.61, save=True)
    session.answer(ThresholdSet(keyword="yes", threshold=0.61, saved="/var/lib/kws/t.json"))
    assert session.said == "yes 0.61 saved in /var/lib/kws/t.json"
    assert not session.state.unsaved


REFUSALS = (
    (
        KwsError("this client may listen only: the daemon's control.allow does not name it"),
        "yes stays 0.60: this client may listen only: ",
    ),
    (NoDaemonError("no daemon answers at ipc:///x"), "yes 0.61 not answered: no daemon answers"),
)


@pytest.mark.parametrize(("refusal", "said"), REFUSALS)
def test_what_is_refused_changes_nothing(session: Session, refusal: KwsError, said: str) -> None:
    session.controls.select(1)
    session.change(STEP)
    session.answer(refusal)
    assert session.said.startswith(said)
    assert in_force(session) == 0.6
    assert not session.state.asked
    assert not session.state.unsaved
    assert session.state.selected == "yes"


def test_a_save_that_fails_leaves_the_threshold_in_force_and_unsaved(session: Session) -> None:
    session.controls.select(1)
    session.change(STEP)
    session.answer(ThresholdSet(keyword="yes", threshold=0.61))
    session.controls.save(at=10.0)
    session.answer(OutputError("cannot write thresholds.json: No space left on device"))
    assert session.said == "yes not saved: cannot write thresholds.json: No space left on device"
    assert in_force(session) == 0.61
    assert session.state.unsaved == {"yes"}


def test_without_a_selection_it_is_said_how_to_select(session: Session) -> None:
    session.change(STEP)
    assert "select a word first" in session.said
    session.controls.save(at=10.0)
    assert not session.desk.noted


def test_without_a_control_socket_it_is_said_how_to_name_it() -> None:
    session = Session(endpoint="")
    session.controls.describe()
    assert session.said == ""
    session.controls.select(1)
    session.change(STEP)
    assert session.said == "no control socket is known: name it with --control"
    session.state.remark = None
    session.controls.save(at=10.0)
    assert "--control" in session.said
    session.state.remark = None
    session.controls.toggle_mute(at=10.0)
    assert "--control" in session.said
    assert not session.desk.noted


def test_a_threshold_that_is_not_known_is_not_changed() -> None:
    session = Session()
    session.state.thresholds["yes"] = None
    session.controls.select(1)
    session.change(STEP)
    assert session.said == "the threshold of yes is not known yet"
    assert not session.desk.noted


def test_a_daemon_that_does_not_describe_itself_is_told_of_once(session: Session) -> None:
    session.controls.describe()
    session.answer(NoDaemonError("it says nothing"))
    assert session.said == "the daemon does not tell its thresholds: it says nothing"
    session.state.say("something else", at=11.0)
    session.answer(NoDaemonError("it says nothing"))
    assert session.said == "something else"
    session.answer(description(yes=0.3))
    assert in_force(session) == 0.3
    session.answer(NoDaemonError("again"))
    assert "again" in session.said
    assert session.desk.noted == [Describe()]


def test_muting_and_unmuting(session: Session) -> None:
    session.controls.toggle_mute(at=10.0)
    session.answer(Muting(muted=True, reasons=["user"]))
    assert session.said == ""
    session.state.state = "muted"
    session.controls.toggle_mute(at=10.0)
    assert session.desk.noted == [Mute(), Unmute()]
    session.answer(Muting(muted=True, reasons=["tts"]))
    assert session.said == "still muted for tts: kws ctl unmute --all"
    session.answer(KwsError("not you"))
    assert session.said == "not you"
