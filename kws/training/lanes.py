"""Lanes: what a batch is made of.  Each walks from tape to tape and keeps its state."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kws.training.pool import Generation
from kws.training.recipe import Recipe
from kws.training.spectral import SpectralAugmentation


class Schedule(Protocol):
    """The part of a recipe that decides how lanes walk over tapes."""

    @property
    def seed(self) -> int:
        """Seed of all that is random."""

    @property
    def lanes(self) -> int:
        """Lanes of a batch."""

    @property
    def tapes(self) -> int:
        """Tapes of a generation."""

    @property
    def tape_chunks(self) -> int:
        """Chunks of a tape."""

    @property
    def passes(self) -> int:
        """Passes over a generation."""

    @property
    def reset_chance(self) -> float:
        """Share of lanes whose state is reset before a chunk."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: generation, pass over it, tape within the pass, chunk of the tape."""

    generation: int = 0
    run: int = 0
    tape: int = 0
    chunk: int = 0

    def next(self, recipe: Schedule) -> "Place":
        """The place one step later."""
        if self.chunk + 1 < recipe.tape_chunks:
            return Place(self.generation, self.run, self.tape, self.chunk + 1)
        if self.tape + 1 < recipe.tapes // recipe.lanes:
            return Place(self.generation, self.run, self.tape + 1)
        if self.run + 1 < recipe.passes:
            return Place(self.generation, self.run + 1)
        return Place(self.generation + 1)


@dataclass(frozen=True, slots=True)
class Batch:
    """One chunk of every lane."""

    log_mel: Tensor
    """(B, T, mels)"""
    codes: Tensor
    """(B, T / block)"""
    windows: Tensor
    """(B, T / block)"""
    taught: Tensor
    """(B, T / block, keywords + 1) what the teacher says of the word in whose window a row lies"""

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        parts = (self.log_mel, self.codes, self.windows, self.taught)
        return Batch(*(part.to(device) for part in parts))


class Chance:
    """What befalls a chunk of every lane, drawn from the place and the step of the run alone."""

    def __init__(self, recipe: Schedule, spectral: SpectralAugmentation | None) -> None:
        """`spectral` may be None: then the lanes hear what is on the tapes."""
        self._recipe, self._spectral = recipe, spectral

    def draw(self, log_mel: Tensor, place: Place, step: int) -> tuple[Tensor, Tensor]:
        """Seed torch for the step (for dropout), and draw what the lanes hear.

        Args:
            log_mel: (B, T, mels) the chunk at `place`, as it is on the tapes.
            step: number of the step, from 0.

        Returns:
            (B, T, mels) as it is heard, and (B,) which lanes begin afresh.
        """
        recipe = self._recipe
        generator = lane_generator(recipe, step, 11)
        torch.manual_seed(generator.initial_seed())
        if self._spectral is not None:
            # One room, one voice, one microphone per tape: drawn for the tape, not for the chunk.
            of_tape = lane_generator(recipe, place.generation, place.run, place.tape, 13)
            drawn = self._spectral.draw(of_tape, recipe.lanes)
            log_mel = self._spectral(log_mel, drawn, generator)
        return log_mel, torch.rand(recipe.lanes, generator=generator) < recipe.reset_chance


def tapes_of_lanes(place: Place, recipe: Schedule) -> npt.NDArray[np.int64]:
    """(lanes,) the tape that each lane plays at `place`, drawn again for every pass."""
    rng = np.random.default_rng((recipe.seed, place.generation, place.run, 7))
    rows: npt.NDArray[np.int64] = rng.permutation(recipe.tapes).reshape(-1, recipe.lanes)
    of_place: npt.NDArray[np.int64] = rows[place.tape]
    return of_place


def lane_batch(pool: Generation, place: Place, recipe: Recipe) -> Batch:
    """The chunk at `place`."""
    order = tapes_of_lanes(place, recipe)
    frames = slice(place.chunk * recipe.chunk, (place.chunk + 1) * recipe.chunk)
    per_row = recipe.network.block
    rows = slice(frames.start // per_row, frames.stop // per_row)
    windows = pool.windows[order, rows].astype(np.int64)
    return Batch(
        torch.from_numpy(pool.log_mel[order, frames].astype(np.float32)),
        torch.from_numpy(pool.codes[order, rows].astype(np.int64)),
        torch.from_numpy(windows),
        torch.from_numpy(pool.taught[order[:, None], windows].astype(np.float32)),
    )


def lane_generator(recipe: Schedule, *place: int) -> torch.Generator:
    """A random generator of a place in the run, the same whenever the run passes there."""
    seed = np.random.SeedSequence((recipe.seed, *place)).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed >> np.uint64(1)))
