"""The training of a network for words: lanes of tapes in, checkpoints and figures out."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from torch import Tensor

from kws.training.checkpoint import load_checkpoint, save_checkpoint
from kws.training.lanes import Chance, Place, lane_batch
from kws.training.learner import Learner, part
from kws.training.learning_curve import append_to_log
from kws.training.networks import StreamNetwork
from kws.training.objective import Objective
from kws.training.pacing import spend
from kws.training.pool import Generation, TapePool
from kws.training.progress import Budget, Figures, Progress
from kws.training.recipe import Recipe
from kws.training.scoring import NegativeMiner
from kws.training.spectral import Cepstrum, SpectralAugmentation
from kws.training.validator import Validator


class Trainer:
    """One run of training in a folder of its own."""

    def __init__(
        self,
        recipe: Recipe,
        learner: Learner,
        objective: Objective,
        cepstrum: Cepstrum,
        validator: Validator,
        miner: NegativeMiner,
        folder: Path,
    ) -> None:
        """Args: folder: gets checkpoint and log."""
        self.recipe, self.learner, self.validator = recipe, learner, validator
        self.progress = Progress()
        self._objective, self._cepstrum, self._miner = objective, cepstrum, miner
        self._folder = folder
        spectral = "spectral" in recipe.augmentation
        self._chance = Chance(recipe, SpectralAugmentation(recipe.features) if spectral else None)
        self._best: dict[str, Tensor] = {}
        self._losses: list[float] = []

    def run(
        self,
        budget: Budget,
        pool: TapePool,
        validated: Callable[[Figures], None],
        stepped: Callable[[float, float], None],
    ) -> None:
        """Train until the budget is used up.

        Args:
            validated: called after each validation, with the figures; the checkpoint is written.
            stepped: called after each step with the used share of the budget and the loss.
        """
        progress = self.progress
        pool.order(progress.place.generation, progress.mined)
        generation: Generation | None = None

        def prepare() -> None:
            nonlocal generation
            if generation is None or generation.number != progress.place.generation:
                generation = self._next_generation(pool)

        def step(share: float) -> float:
            assert generation is not None
            return self._step(generation, share)

        def validate(steps_per_second: float) -> None:
            validated(self.validate(steps_per_second))

        spend(budget, progress, self.recipe.validate_every, prepare, step, validate, stepped)

    def _next_generation(self, pool: TapePool) -> Generation:
        """Take a generation and have the one after it made with the hard negatives of today."""
        progress = self.progress
        generation = pool.take()
        every = self.recipe.mine_every
        begins = progress.place == Place(generation.number)
        if begins and generation.number and every and generation.number % every == 0:
            progress.ordered = self._miner.search(
                self.learner.averaged,
                self._cepstrum,
                self.learner.device,
                len(self.validator.keywords),
            )
        pool.order(generation.number + 1, progress.ordered)
        return generation

    def _step(self, generation: Generation, share: float) -> float:
        """One chunk of all lanes, one update of the weights; gives the loss."""
        recipe, progress, place = self.recipe, self.progress, self.progress.place
        batch = lane_batch(generation, place, recipe)
        log_mel, resets = self._chance.draw(batch.log_mel, place, progress.step)
        device = self.learner.device
        logits = self.learner.hear(self._cepstrum(log_mel.to(device)), resets)
        loss = self._objective(logits.log_softmax(-1), batch.to(device), share)
        self.learner.update(loss, progress.step, share)
        self._losses = [*self._losses[-199:], float(loss.detach())]
        progress.step += 1
        progress.place = place.next(recipe)
        if progress.place.generation != place.generation:
            progress.mined = progress.ordered
        return self._losses[-1]

    def validate(self, steps_per_second: float) -> Figures:
        """Figures of the averaged weights on the validation streams; writes a checkpoint."""
        points = self.validator.points(self.learner.averaged)
        rates = self.validator.miss_rates(points)
        figures = Figures(
            self.progress.step,
            self.progress.seconds / 60,
            float(np.mean(self._losses)) if self._losses else math.nan,
            steps_per_second,
            float(np.mean(list(rates.values()))),
            rates["clips", 2.0],
            rates["noise", 2.0],
            points,
        )
        append_to_log(self._folder, figures)
        self._keep(figures)
        return figures

    def _keep(self, figures: Figures) -> None:
        """Write the checkpoint, and the averaged weights as the best so far if they are."""
        if figures.frr <= self.progress.best:
            self.progress.best = figures.frr
            weights = self.learner.averaged.state_dict()
            self._best = {name: value.clone() for name, value in weights.items()}
        best = {f"best.{name}": value for name, value in self._best.items()}
        save_checkpoint(self._folder, self.learner.tensors() | best, self.progress.encode())

    def resume(self) -> None:
        """Go on from the checkpoint in the folder.

        Raises:
            DataError: there is none, or it is damaged.
        """
        tensors, values = load_checkpoint(self._folder)
        self.progress = Progress.decode(values)
        self.learner.go_on_from(tensors)
        self._best = part(tensors, "best.")

    def load_best(self, network: StreamNetwork) -> StreamNetwork:
        """Give `network` the averaged weights of the best validation so far."""
        network.load_state_dict(self._best)
        return network.eval()
