"""A network that learns along lanes: weights, their average, optimiser, and the lanes' state."""

import math
from typing import Protocol

import torch
from torch import Tensor

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model_spec import NetworkSpec
from kws.training.averaging import follow
from kws.training.baselines import build_network
from kws.training.networks import StreamNetwork, count_parameters, map_state, reset_lanes


class Course(Protocol):
    """The part of a recipe that decides how a network learns."""

    @property
    def seed(self) -> int: ...
    @property
    def features(self) -> FeatureSpec: ...
    @property
    def network(self) -> NetworkSpec: ...
    @property
    def dropout(self) -> float: ...
    @property
    def lanes(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def warm_up(self) -> int: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def gradient_clip(self) -> float: ...
    @property
    def average(self) -> float: ...


class Learner:
    """Knows no data, no loss and no clock: it hears a chunk of every lane, and is told the loss.

    Attributes:
        network: what learns.
        averaged: the moving average of its weights, which is what is validated and exported.
        device: where both are.
    """

    def __init__(
        self,
        course: Course,
        network: StreamNetwork,
        averaged: StreamNetwork,
        optimizer: torch.optim.Optimizer,
        device: torch.device,
    ) -> None:
        self.network, self.averaged, self.device = network, averaged, device
        self._course, self._optimizer = course, optimizer
        self._fresh = network.initial_state(course.lanes)
        self._state = network.initial_state(course.lanes)

    def hear(self, frames: Tensor, resets: Tensor) -> Tensor:
        """The logits (B, T / block, K) of the next chunk (B, T, F) of every lane.

        Lanes that are marked in `resets` (B,) start from a fresh state; the others
        go on where they were.
        """
        self._state = reset_lanes(self._state, self._fresh, resets.to(self.device))
        self.network.train()
        logits: Tensor
        logits, self._state = self.network(frames.to(self.device), self._state)
        return logits

    def update(self, loss: Tensor, step: int, share: float) -> None:
        """Step `step` (from 0): down the gradient, at the rate for the used share of the budget."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._course, step, share)
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self._course.gradient_clip)
        self._optimizer.step()
        follow(self.averaged, self.network, step, self._course.average)

    @property
    def parameters(self) -> int:
        """Trained numbers of the network."""
        return count_parameters(self.network)

    def tensors(self) -> dict[str, Tensor]:
        """All that is needed to go on from here, for a checkpoint."""
        tensors = {f"network.{name}": x for name, x in self.network.state_dict().items()}
        tensors |= {f"averaged.{name}": x for name, x in self.averaged.state_dict().items()}
        for index, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": x for name, x in moments.items()}
        leaves: list[Tensor] = []
        map_state(leaves.append, self._state)
        return tensors | {f"state.{index}": leaf for index, leaf in enumerate(leaves)}

    def go_on_from(self, tensors: dict[str, Tensor]) -> None:
        """Restore the learner that gave these `tensors`; others among them are ignored."""
        self.network.load_state_dict(part(tensors, "network."))
        self.averaged.load_state_dict(part(tensors, "averaged."))
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in part(tensors, "optimizer.").items():
            index, moment = name.split(".", 1)
            moments.setdefault(int(index), {})[moment] = value
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})
        leaves = iter(sorted(part(tensors, "state.").items(), key=lambda item: int(item[0])))
        self._state = map_state(lambda _: next(leaves)[1].to(self.device), self._state)


def make_learner(course: Course, outputs: int) -> Learner:
    """A learner at its start, with random weights by the seed of the recipe."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(course.seed)
    network = new_network(course, outputs, course.dropout).to(device)
    averaged = new_network(course, outputs).to(device)
    averaged.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(
        network.parameters(), course.learning_rate, weight_decay=course.weight_decay
    )
    return Learner(course, network, averaged, optimizer, device)


def new_network(course: Course, outputs: int, dropout: float = 0.0) -> StreamNetwork:
    """The network that a recipe describes, with random weights."""
    return build_network(course.network, course.features.coefficients, outputs, dropout)


def learning_rate(course: Course, step: int, share: float) -> float:
    """It rises over the first steps and falls by a cosine as the budget is used up."""
    warm = min(1.0, (step + 1) / max(1, course.warm_up))
    return course.learning_rate * warm * max(0.01, 0.5 * (1 + math.cos(math.pi * share)))


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those tensors whose names begin with `prefix`, without it."""
    return {k.removeprefix(prefix): x for k, x in tensors.items() if k.startswith(prefix)}
