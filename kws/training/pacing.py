"""How a run spends its budget: steps, and a validation every few minutes."""

import time
from collections.abc import Callable
from typing import Protocol

from kws.training.progress import Budget


class Spent(Protocol):
    """How much of the budget a run has used; `spend` adds to it."""

    step: int
    seconds: float
    """Time spent on training; interruptions, waiting and validation are not counted."""


def spend(
    budget: Budget,
    spent: Spent,
    every: float,
    prepare: Callable[[], None],
    step: Callable[[float], float],
    validate: Callable[[float], None],
    stepped: Callable[[float, float], None],
) -> None:
    """Train until the budget is used up, and validate at the end.

    Args:
        every: seconds between two validations.
        prepare: called before each step; its time is not counted.
        step: one step, told the used share of the budget; gives the loss and counts the step.
        validate: told the steps per second since the last validation.
        stepped: told the used share after a step, and its loss.
    """
    validated_at, validated_step = time.monotonic(), spent.step
    while budget.share(spent.seconds, spent.step) < 1:
        prepare()
        began = time.monotonic()
        loss = step(budget.share(spent.seconds, spent.step))
        now = time.monotonic()
        spent.seconds += now - began
        stepped(budget.share(spent.seconds, spent.step), loss)
        if now - validated_at >= every:
            validate((spent.step - validated_step) / (now - validated_at))
            validated_at, validated_step = time.monotonic(), spent.step
    elapsed = max(time.monotonic() - validated_at, 1e-9)
    validate((spent.step - validated_step) / elapsed)
