"""The loop of a pre-training: tapes and embeddings in, checkpoints and errors out."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kws.samples import RATE
from kws.training.checkpoint import load_checkpoint, save_checkpoint
from kws.training.lanes import Chance, Place, tapes_of_lanes
from kws.training.learner import Learner
from kws.training.learning_curve import append_to_log
from kws.training.pacing import spend
from kws.training.pretraining.pool import TaughtPool, TaughtTapes
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.targets import Alignment, Scale
from kws.training.pretraining.validation import ValidationTapes, errors
from kws.training.progress import Budget
from kws.training.spectral import Cepstrum, SpectralAugmentation


@dataclass(slots=True)
class Course:
    """Where a pre-training stands, in numbers that go into a checkpoint."""

    step: int = 0
    seconds: float = 0.0
    """Time spent on training, interruptions and validation not counted."""
    place: Place = field(default_factory=Place)

    @classmethod
    def decode(cls, values: dict[str, Any]) -> "Course":
        """From plain values."""
        return cls(**values | {"place": Place(**values["place"])})


@dataclass(frozen=True, slots=True)
class Errors:
    """One line of the log."""

    step: int
    minutes: float
    tape_hours: float
    """Hours of tape, each with sounds, speeds and noise of its own."""
    heard_hours: float
    """Hours that the network heard: each tape `passes` times, never twice the same."""
    loss: float
    steps_per_second: float
    clean: float
    """Error on the validation tapes as a share of the variance."""
    noise: float
    """The same in noise of 10 dB."""


class Distiller:
    """One pre-training in a folder of its own."""

    def __init__(
        self,
        recipe: PretrainingRecipe,
        learner: Learner,
        cepstrum: Cepstrum,
        scale: Scale,
        alignment: Alignment,
        validation: ValidationTapes,
        folder: Path,
    ) -> None:
        """Args: folder: gets checkpoint and log."""
        self.recipe, self.learner, self.scale = recipe, learner, scale
        self.course = Course()
        self._cepstrum, self._alignment, self._validation = cepstrum, alignment, validation
        self._folder = folder
        self._age = torch.zeros(recipe.lanes)
        """(lanes,) rows since a lane's state was fresh."""
        spectral = SpectralAugmentation(recipe.features, warp=False)
        self._chance = Chance(recipe, spectral if "spectral" in recipe.augmentation else None)
        self._losses: list[float] = []

    def run(
        self,
        budget: Budget,
        pool: TaughtPool,
        measured: Callable[[Errors], None],
        stepped: Callable[[float, float], None],
    ) -> None:
        """Train until the budget is used up.

        Args:
            measured: called after each validation, with the errors; the checkpoint is written.
            stepped: called after each step with the used share of the budget and the loss.
        """
        course = self.course
        pool.send(course.place.generation)
        tapes: TaughtTapes | None = None

        def prepare() -> None:
            nonlocal tapes
            if tapes is None or tapes.number != course.place.generation:
                tapes = pool.take()
                pool.send(tapes.number + 1)

        def step(share: float) -> float:
            assert tapes is not None
            return self._step(tapes, share)

        def measure(steps_per_second: float) -> None:
            measured(self.measure(steps_per_second))

        spend(budget, course, self.recipe.validate_every, prepare, step, measure, stepped)

    def _step(self, tapes: TaughtTapes, share: float) -> float:
        """One chunk of all lanes, one update of the weights; gives the loss."""
        recipe, course, place = self.recipe, self.course, self.course.place
        order = tapes_of_lanes(place, recipe)
        frames = slice(place.chunk * recipe.chunk, (place.chunk + 1) * recipe.chunk)
        heard = tapes.log_mel[place.run % recipe.hearings]
        taped = torch.from_numpy(heard[order, frames].astype(np.float32))
        log_mel, resets = self._chance.draw(taped, place, course.step)
        self._age = torch.where(resets, 0.0, self._age)
        outputs = self.learner.hear(self._cepstrum(log_mel.to(self.learner.device)), resets)
        loss = self._loss(outputs, tapes, order, frames)
        self._age += outputs.shape[1]
        self.learner.update(loss, course.step, share)
        self._losses = [*self._losses[-199:], float(loss.detach())]
        course.step += 1
        course.place = place.next(recipe)
        return self._losses[-1]

    def _loss(
        self, outputs: Tensor, tapes: TaughtTapes, order: np.ndarray, frames: slice
    ) -> Tensor:
        """Mean squared error over the rows for which the teacher's window is filled."""
        block = self.recipe.network.block
        of_chunk = slice(frames.start // block, frames.stop // block)
        of_tape, rows = self._alignment.within(of_chunk, tapes.embeddings.shape[1])
        wanted = torch.from_numpy(self.scale.normalised(tapes.embeddings[order, of_tape]))
        squares = (outputs[:, rows] - wanted.to(self.learner.device)).square().mean(-1)
        # A lane that was reset has not heard what the teacher's first windows have.
        row = torch.arange(outputs.shape[1])[rows]
        known = (self._age[:, None] + row >= self._alignment.first).float().to(self.learner.device)
        return (squares * known).sum() / known.sum().clamp(min=1)

    def measure(self, steps_per_second: float) -> Errors:
        """Errors of the averaged weights on the validation tapes; writes a checkpoint."""
        recipe, course = self.recipe, self.course
        found = errors(
            self.learner.averaged,
            self._cepstrum,
            self._validation,
            self.scale,
            self._alignment,
            self.learner.device,
        )
        tape_hours = recipe.tapes * recipe.tape_samples / RATE / 3600
        chunk_hours = recipe.lanes * recipe.chunk * recipe.features.hop / RATE / 3600
        started = course.place.generation + (course.place != Place(course.place.generation))
        line = Errors(
            step=course.step,
            minutes=course.seconds / 60,
            tape_hours=started * tape_hours,
            heard_hours=course.step * chunk_hours,
            loss=float(np.mean(self._losses)) if self._losses else math.nan,
            steps_per_second=steps_per_second,
            clean=found["clean"],
            noise=found["noise"],
        )
        append_to_log(self._folder, line)
        save_checkpoint(
            self._folder, self.learner.tensors() | {"age": self._age}, asdict(self.course)
        )
        return line

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            DataError: there is none, or it is damaged.
        """
        tensors, values = load_checkpoint(self._folder)
        self.course = Course.decode(values)
        self.learner.go_on_from(tensors)
        self._age = tensors["age"]
