"""Broken input for the fuzzers, and the bounds within which it must be dealt with."""

import signal
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

import msgspec
from hypothesis import strategies as st

from kws.errors import KwsError

HANGING_SECONDS = 120
"""So long nothing takes, however slow the machine."""

ODD_NUMBERS = (
    0, -1, 1, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), -(2**64),
    10**30, 10**400, 0.0, -0.0, 0.5, 1e-320, 1e-30, 1e30, 1.7e308, -1e308,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\0", "\n", "a\nb", "\x1b[2J", "é", "\u202e", "🎤", "/", "..", "../..", "~", "NaN",
    "null", "kws/detection/", "x" * 300, "yes" * 50_000,
)  # fmt: skip
FRAGMENTS = (
    "",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "[" * 100_000,
    '{"a":' * 5000,
    '"\\ud800"',
)
"""Fragments of JSON, or nearly."""

INTERESTING = tuple(
    number.to_bytes(size, order)
    for size in (1, 2, 4, 8)
    for number in (0, 1, 0x7F << 8 * (size - 1), (1 << 8 * size) - 1, 1 << 8 * size - 1)
    for order in ("little", "big")
)


def odd_values() -> st.SearchStrategy[Any]:
    """Any JSON value, the troublesome ones first."""
    leaves: st.SearchStrategy[Any] = (
        st.sampled_from(ODD_NUMBERS)
        | st.sampled_from(ODD_TEXTS)
        | st.sampled_from((None, True, False, [], {}))
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
        max_leaves=8,
    )


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a run of bytes; printed by hypothesis, so it stays small."""

    kind: Literal["set", "flip", "insert", "delete", "double", "cut"]
    place: int
    within: int
    """Place is taken modulo this: most damage is done near the start, where headers lie."""
    value: bytes

    def apply(self, data: bytearray) -> None:
        """Change `data`."""
        at = self.place % (min(self.within, len(data)) + 1)
        span = slice(at, at + 4 * len(self.value))
        match self.kind:
            case "set":
                data[at : at + len(self.value)] = self.value
            case "flip":
                data[at : at + 1] = bytes(
                    byte ^ (1 << self.place % 8) for byte in data[at : at + 1]
                )
            case "insert":
                data[at:at] = self.value
            case "delete":
                del data[span]
            case "double":
                data[at:at] = data[span]
            case "cut":
                del data[at:]


def edits(most: int = 6) -> st.SearchStrategy[list[Edit]]:
    """A few changes for `edited`."""
    return st.lists(
        st.builds(
            Edit,
            kind=st.sampled_from(
                ("set", "set", "set", "flip", "insert", "delete", "double", "cut")
            ),
            place=st.integers(0, 2**32 - 1),
            within=st.sampled_from((16, 64, 512, 2**32)),
            value=st.sampled_from(INTERESTING) | st.binary(min_size=1, max_size=16),
        ),
        min_size=1,
        max_size=most,
    )


def edited(original: bytes, changes: Iterable[Edit]) -> bytes:
    """`original` after all `changes`."""
    data = bytearray(original)
    for change in changes:
        change.apply(data)
    return bytes(data)


@st.composite
def mutated_document(draw: st.DrawFn, original: Any, edits: int = 3) -> Any:
    """`original` (of JSON types) with a few values replaced, removed or added, at any depth."""
    document = msgspec.json.decode(msgspec.json.encode(original))
    for _ in range(draw(st.integers(1, edits))):
        holders = [holder for holder in _holders(document) if len(holder)]
        if not holders:
            break
        holder = draw(st.sampled_from(holders))
        key = draw(
            st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder)))
        )
        match draw(st.sampled_from(("replace", "replace", "replace", "scale", "remove", "add"))):
            case "replace":
                holder[key] = draw(odd_values())
            case "scale" if type(holder[key]) in (int, float):
                holder[key] = draw(st.sampled_from((-1, 0, 0.5, 2, 1000))) * holder[key]
            case "remove":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = draw(odd_values())
    return document


def _holders(value: Any) -> Iterator[Any]:
    """All objects and arrays inside `value`, and itself."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


@contextmanager
def bounded(megabytes: float = 64) -> Iterator[None]:
    """Fail where something hangs, or asks Python or numpy for more memory than `megabytes`."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {HANGING_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(HANGING_SECONDS)
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert peak < megabytes * 1e6, f"{peak / 1e6:.0f} MB were asked for"


def check_message(error: KwsError) -> None:
    """An error is told in one line that a terminal can show, and not of endless length."""
    message = str(error)
    assert message.isprintable(), repr(message)
    assert 0 < len(message) < 2000, len(message)
