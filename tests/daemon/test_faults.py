"""Faults as log lines and events."""

import logging

import pytest

from kws.daemon.faults import Faults
from kws.events.messages import ErrorEvent


def test_a_fault_is_an_event_and_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    events: list[ErrorEvent] = []
    with caplog.at_level(logging.WARNING):
        Faults(events.append).report("overrun", "too late")
    assert [(event.code, event.detail, event.count) for event in events] == [
        ("overrun", "too late", 1)
    ]
    assert "overrun: too late" in caplog.text


def test_a_storm_is_told_now_and_then_with_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("kws.daemon.faults.time.monotonic", lambda: now)
    events: list[ErrorEvent] = []
    report = Faults(events.append).report
    for _ in range(50):
        report("gap", "lost some")
    report("overrun", "another fault is told at once")
    assert [(event.code, event.count) for event in events] == [("gap", 1), ("overrun", 1)]
    now = 101.5
    report("gap", "lost some")
    assert (events[-1].code, events[-1].count) == ("gap", 51)
