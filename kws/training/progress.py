"""How far a run is, how far it may go, and what it has found."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from kws.errors import ConfigError
from kws.training.lanes import Place
from kws.training.sounds import Mined
from kws.training.validation import Point


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to train; the learning rate falls towards the end of it.

    Raises:
        ConfigError: no limit, or one that allows no training.
    """

    minutes: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        limits = [limit for limit in (self.minutes, self.steps) if limit is not None]
        if not limits or not all(limit > 0 for limit in limits):
            raise ConfigError(
                "a training needs a limit of more than 0 minutes, or of 1 step or more"
            )

    def share(self, seconds: float, steps: int) -> float:
        """How much of the budget is used up, 0 to 1."""
        by_time = seconds / 60 / self.minutes if self.minutes else 0.0
        by_steps = steps / self.steps if self.steps else 0.0
        return min(1.0, max(by_time, by_steps))


@dataclass(slots=True)
class Progress:
    """Where a run stands, in numbers that go into a checkpoint."""

    step: int = 0
    seconds: float = 0.0
    """Time spent on training, interruptions and validation not counted."""
    place: Place = field(default_factory=Place)
    best: float = math.inf
    mined: list[Mined] = field(default_factory=list)
    ordered: list[Mined] = field(default_factory=list)
    """Hard negatives that the generation after the present one is made with."""

    def encode(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def decode(cls, values: dict[str, Any]) -> "Progress":
        """From plain values."""
        mined = [Mined(**item) for item in values["mined"]]
        ordered = [Mined(**item) for item in values["ordered"]]
        return cls(
            **values | {"place": Place(**values["place"]), "mined": mined, "ordered": ordered}
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """One line of the log."""

    step: int
    minutes: float
    loss: float
    steps_per_second: float
    frr: float
    """Mean miss rate at `RATES` false alarms an hour, clean and noisy alike."""
    frr_clips: float
    """Miss rate in near silence at 2 false alarms an hour."""
    frr_noise: float
    points: dict[str, list[Point]]
