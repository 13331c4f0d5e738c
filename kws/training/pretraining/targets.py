"""Which row of a network has to know which embedding, and on what scale."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.errors import ConfigError
from kws.spotting.row_clock import RowClock
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.teacher import EmbeddingTeacher


@dataclass(frozen=True, slots=True)
class Alignment:
    """Embedding e belongs to row ``first + step * e`` of a tape."""

    first: int
    step: int

    def within(self, rows: slice, count: int) -> tuple[slice, slice]:
        """Which of `count` embeddings of a tape belong to its `rows`, and to which of these.

        Returns:
            A slice of the embeddings, and one of the rows counted from ``rows.start``.
        """
        # Rounded up: the first embedding whose row is not before the start, and not before the end.
        start = min(count, max(0, -((self.first - rows.start) // self.step)))
        stop = max(start, min(count, -((self.first - rows.stop) // self.step)))
        row = self.first + self.step * start - rows.start
        return slice(start, stop), slice(row, row + self.step * (stop - start), self.step)


def align(recipe: PretrainingRecipe, teacher: EmbeddingTeacher) -> Alignment:
    """The first row that has heard all of the first window, `recipe.lag` rows later, and so on.

    Raises:
        ConfigError: the teacher's pace is not a multiple of the network's.
    """
    clock = RowClock.of(recipe.features, recipe.network.block)
    if teacher.hop % clock.step:
        raise ConfigError(
            f"a row of the network is {clock.step} samples and an embedding {teacher.hop}, "
            "which must be a multiple of it: change network.block or features.hop"
        )
    first = clock.row_at(teacher.window) + recipe.lag
    return Alignment(first, teacher.hop // clock.step)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and deviation of each dimension of the teacher's embedding over some training tapes."""

    mean: npt.NDArray[np.float32]
    """(dimensions,)"""
    deviation: npt.NDArray[np.float32]
    """(dimensions,)"""

    def normalised(self, embeddings: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
        """Embeddings (..., dimensions) at mean 0 and deviation 1."""
        return (embeddings.astype(np.float32) - self.mean) / self.deviation
