"""The training loop: lanes of tapes in, checkpoints and figures out."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kws.corpus.corpus import Corpus
from kws.errors import OutputError
from kws.spotting.matrices import Matrices
from kws.training.baselines import build_network
from kws.training.checkpoint import load_checkpoint, save_checkpoint
from kws.training.lanes import Batch, Place, lane_batch, lane_generator
from kws.training.learning_curve import LOG_FILE
from kws.training.logmel import LogMel
from kws.training.losses import frame_loss, max_pool_loss, taught_loss
from kws.training.networks import StreamNetwork, count_parameters, map_state, reset_lanes
from kws.training.pool import Generation, TapePool
from kws.training.progress import Budget, Figures, Progress
from kws.training.recipe import Recipe
from kws.training.scoring import NegativeMiner, stream_posteriors
from kws.training.spectral import Cepstrum, SpectralAugmentation
from kws.training.targets import LabelSet
from kws.training.validation import (
    RATES,
    RowClock,
    Stream,
    frr_at,
    sweep,
)


class Trainer:
    """One run of training in a folder of its own."""

    def __init__(
        self,
        recipe: Recipe,
        labels: LabelSet,
        matrices: Matrices,
        corpus: Corpus,
        streams: list[Stream],
        folder: Path,
    ) -> None:
        self.recipe, self.labels, self.streams, self.folder = recipe, labels, streams, folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.matrices = matrices
        torch.manual_seed(recipe.seed)
        self.network = self._new_network(recipe.dropout)
        self.averaged = self._new_network(0.0)
        self.averaged.load_state_dict(self.network.state_dict())
        self.cepstrum = Cepstrum(matrices, self.device)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.progress = Progress()
        self._state = self.network.initial_state(recipe.lanes)
        self._fresh = self.network.initial_state(recipe.lanes)
        self._spectral = SpectralAugmentation(recipe.features)
        self._log_allowed = torch.tensor(labels.allowed()).log().to(self.device)
        self._miner = NegativeMiner(corpus, LogMel(recipe.features, matrices))
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
        since = validated_at = time.monotonic()
        validated_step = progress.step
        while budget.share(progress.seconds, progress.step) < 1:
            if generation is None or generation.number != progress.place.generation:
                generation = self._next_generation(pool)
                since = time.monotonic()
            self._step(generation, budget.share(progress.seconds, progress.step))
            now = time.monotonic()
            progress.seconds += now - since
            stepped(budget.share(progress.seconds, progress.step), self._losses[-1])
            since = now
            if now - validated_at >= self.recipe.validate_every:
                rate = (progress.step - validated_step) / (now - validated_at)
                validated(self.validate(rate))
                since = validated_at = time.monotonic()
                validated_step = progress.step
        elapsed = max(time.monotonic() - validated_at, 1e-9)
        validated(self.validate((progress.step - validated_step) / elapsed))

    def _next_generation(self, pool: TapePool) -> Generation:
        """Take a generation and have the one after it made with the hard negatives of today."""
        progress = self.progress
        generation = pool.take()
        every = self.recipe.mine_every
        begins = progress.place == Place(generation.number)
        if begins and generation.number and every and generation.number % every == 0:
            progress.ordered = self._miner.search(
                self.averaged, self.cepstrum, self.device, len(self.labels.keywords)
            )
        pool.order(generation.number + 1, progress.ordered)
        return generation

    def _step(self, generation: Generation, share: float) -> None:
        """One chunk of all lanes, one update of the weights."""
        recipe, progress, place = self.recipe, self.progress, self.progress.place
        batch = lane_batch(generation, place, recipe)
        generator = lane_generator(recipe, progress.step, 11)
        torch.manual_seed(generator.initial_seed())
        log_mel = batch.log_mel
        if "spectral" in recipe.augmentation:
            # One room, one voice, one microphone per tape: drawn for the tape, not for the chunk.
            of_tape = lane_generator(recipe, place.generation, place.run, place.tape, 13)
            drawn = self._spectral.draw(of_tape, recipe.lanes)
            log_mel = self._spectral(log_mel, drawn, generator)
        resets = torch.rand(recipe.lanes, generator=generator) < recipe.reset_chance
        self._state = reset_lanes(self._state, self._fresh, resets.to(self.device))
        self.network.train()
        logits, self._state = self.network(self.cepstrum(log_mel.to(self.device)), self._state)
        loss = self._loss(logits.log_softmax(-1), batch.to(self.device), share)
        self._update(loss, share)
        self._losses.append(float(loss.detach()))
        progress.step += 1
        progress.place = place.next(recipe)
        if progress.place.generation != place.generation:
            progress.mined = progress.ordered

    def _loss(self, log_posteriors: Tensor, batch: Batch, share: float) -> Tensor:
        recipe = self.recipe
        inside = batch.windows > 0
        rows = frame_loss(log_posteriors, batch.codes, self._log_allowed)
        if recipe.teacher:
            taught = taught_loss(log_posteriors, batch.taught)
            rows = torch.where(inside, rows.lerp(taught, recipe.teacher_weight), rows)
        weight = 1 + (recipe.word_weight - 1) * inside
        loss = (rows * weight).sum() / weight.sum()
        if share < recipe.max_pool_from:
            return loss
        positive, negative = max_pool_loss(
            log_posteriors, batch.codes, batch.windows, len(self.labels.keywords)
        )
        return loss + recipe.max_pool_weight * (positive + 4 * negative)

    def _update(self, loss: Tensor, share: float) -> None:
        recipe = self.recipe
        warm = min(1.0, (self.progress.step + 1) / recipe.warm_up)
        rate = recipe.learning_rate * warm * max(0.01, 0.5 * (1 + math.cos(math.pi * share)))
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe.gradient_clip)
        self.optimizer.step()
        decay = min(recipe.average, (1 + self.progress.step) / (10 + self.progress.step))
        averaged = self.averaged.state_dict()
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                averaged[name].lerp_(value, 1 - decay)

    def validate(self, steps_per_second: float) -> Figures:
        """Figures of the averaged weights on the validation streams; writes a checkpoint."""
        keywords = self.labels.keywords
        points = {
            stream.name: sweep(
                stream_posteriors(self.averaged, self.cepstrum, stream.log_mel, self.device)[
                    ..., : len(keywords)
                ],
                stream,
                keywords,
                self.clock,
            )
            for stream in self.streams
        }
        alarms = self.streams[-1]
        rates = {
            (name, rate): frr_at(points[name], points[alarms.name], alarms.hours, rate)
            for name in ("clips", "noise")
            for rate in RATES
        }
        figures = Figures(
            self.progress.step,
            self.progress.seconds / 60,
            float(np.mean(self._losses[-200:])) if self._losses else math.nan,
            steps_per_second,
            float(np.mean(list(rates.values()))),
            rates["clips", 2.0],
            rates["noise", 2.0],
            points,
        )
        self._log(figures)
        self._keep(figures)
        return figures

    def _log(self, figures: Figures) -> None:
        path = self.folder / LOG_FILE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(figures)) + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror}") from error

    def _keep(self, figures: Figures) -> None:
        """Write the checkpoint, and the averaged weights as the best so far if they are."""
        if figures.frr <= self.progress.best:
            self.progress.best = figures.frr
            self._best = {k: v.clone() for k, v in self.averaged.state_dict().items()}
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"averaged.{k}": v for k, v in self.averaged.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self._best.items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        leaves: list[Tensor] = []
        map_state(leaves.append, self._state)
        tensors |= {f"state.{index}": leaf for index, leaf in enumerate(leaves)}
        save_checkpoint(self.folder, tensors, self.progress.encode())

    def resume(self) -> None:
        """Go on from the checkpoint in the folder."""
        tensors, values = load_checkpoint(self.folder)
        self.progress = Progress.decode(values)

        def part(prefix: str) -> dict[str, Tensor]:
            return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

        self.network.load_state_dict(part("network."))
        self.averaged.load_state_dict(part("averaged."))
        self._best = part("best.")
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in part("optimizer.").items():
            index, moment = name.split(".", 1)
            moments.setdefault(int(index), {})[moment] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        leaves = iter(sorted(part("state.").items(), key=lambda item: int(item[0])))
        self._state = map_state(lambda _: next(leaves)[1].to(self.device), self._state)

    def best(self) -> StreamNetwork:
        """The averaged weights of the best validation so far."""
        network = self._new_network(0.0)
        network.load_state_dict(self._best)
        return network.eval()

    @property
    def clock(self) -> RowClock:
        """Which sample a row of posteriors has heard last."""
        spec, block = self.recipe.features, self.recipe.network.block
        return RowClock((block - 1) * spec.hop + spec.window, block * spec.hop)

    @property
    def parameters(self) -> int:
        """Trained numbers of the network."""
        return count_parameters(self.network)

    def _new_network(self, dropout: float) -> StreamNetwork:
        recipe = self.recipe
        network = build_network(
            recipe.network, recipe.features.coefficients, len(self.labels.labels), dropout
        )
        return network.to(self.device)
