"""The lines of every answer of the daemon."""

from datetime import UTC, datetime

import pytest

from kws.cli.answer_lines import Answer, answer_lines
from kws.events.messages import StateEvent
from kws.events.requests import (
    Description,
    KeywordStatus,
    Muting,
    Pong,
    Reloaded,
    ResetDone,
    Snapshot,
    ThresholdSet,
)
from tests.support import stand_in

pytestmark = pytest.mark.usefixtures("paris")

MOMENT = datetime(2026, 11, 22, 20, 36, tzinfo=UTC)
KEYWORDS = [KeywordStatus(word="yes", threshold=0.6), KeywordStatus(word="no", threshold=0.75)]
MODEL_LINES = [
    "model     tiny (000000000000)",
    "  yes          threshold 0.60",
    "  no           threshold 0.75",
]


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (
            Description(
                version="1.2", boot="b", pid=7, started=MOMENT, source="mic", device=None,
                device_rate=None, clock="adc", model=stand_in.MODEL, keywords=KEYWORDS, labels=[],
            ),
            [
                f"kws 1.2, pid 7, since {datetime(2026, 11, 22, 21, 36):%c}",
                "source    mic",
                "device    none, - Hz",
                "clock     adc",
                *MODEL_LINES,
            ],
        ),
        (Reloaded(model=stand_in.MODEL, keywords=KEYWORDS), MODEL_LINES),
        (Muting(muted=False, reasons=[]), ["listening"]),
        (Muting(muted=True, reasons=["call", "tts"]), ["muted (call, tts)"]),
        (
            Muting(muted=True, reasons=["tts"], until=MOMENT),
            ["muted (tts) until Sun 21:36:00"],
        ),
        (ThresholdSet(keyword="yes", threshold=0.7), ["yes 0.70, until the daemon stops"]),
        (
            ThresholdSet(keyword="yes", threshold=0.7, saved="/a/file"),
            ["yes 0.70, saved in /a/file"],
        ),
        (ResetDone(position=24000), ["reset at sample 24000"]),
        (Pong(boot="b"), ["pong from boot b"]),
    ],
)  # fmt: skip
def test_lines(answer: Answer, lines: list[str]) -> None:
    assert list(answer_lines(answer)) == lines


def test_a_snapshot_shows_the_state_and_the_latest_detections() -> None:
    state = StateEvent(state="listening", device="USB", since=MOMENT, sent=MOMENT)
    heard = [stand_in.detection(number, f"word{number}") for number in range(12)]
    first, *rest = answer_lines(Snapshot(boot="b", state=state, detections=heard, seqs={}))
    assert first == "21:36:00.000  state: listening (USB)"
    assert [line.split()[1] for line in rest] == [f"word{number}" for number in range(2, 12)]
    empty = Snapshot(boot="b", state=None, detections=[], seqs={})
    assert list(answer_lines(empty)) == ["nothing heard yet"]
