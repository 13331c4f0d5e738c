"""The lines for a person of each answer of the daemon."""

from collections.abc import Iterator, Sequence

from kws.cli.event_lines import event_line
from kws.events.messages import ModelName, local_time, until_text
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

Answer = Description | Snapshot | Muting | ThresholdSet | Reloaded | ResetDone | Pong
"""Every answer to a request that was carried out."""

_DETECTIONS = 10


def answer_lines(answer: Answer) -> Iterator[str]:
    """What the answer says, line by line."""
    match answer:
        case Snapshot():
            if answer.state is not None:
                yield event_line(answer.state)
            yield from map(event_line, answer.detections[-_DETECTIONS:])
            if not answer.detections:
                yield "nothing heard yet"
        case Description():
            yield f"kws {answer.version}, pid {answer.pid}, since {local_time(answer.started):%c}"
            yield f"source    {answer.source}"
            yield f"device    {answer.device or 'none'}, {answer.device_rate or '-'} Hz"
            yield f"clock     {answer.clock}"
            yield from _model_lines(answer.model, answer.keywords)
        case Reloaded():
            yield from _model_lines(answer.model, answer.keywords)
        case Muting():
            end = f" {until_text(answer.until)}" if answer.until else ""
            yield f"muted ({', '.join(answer.reasons)}){end}" if answer.muted else "listening"
        case ThresholdSet():
            kept = f"saved in {answer.saved}" if answer.saved else "until the daemon stops"
            yield f"{answer.keyword} {answer.threshold:.2f}, {kept}"
        case ResetDone():
            yield f"reset at sample {answer.position}"
        case Pong():
            yield f"pong from boot {answer.boot}"


def _model_lines(model: ModelName, keywords: Sequence[KeywordStatus]) -> Iterator[str]:
    yield f"model     {model.name} ({model.sha256[:12]})"
    for keyword in keywords:
        yield f"  {keyword.word:<12} threshold {keyword.threshold:.2f}"
