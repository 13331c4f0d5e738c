"""At which sample a row of posteriors is complete."""

from typing import NamedTuple, Self

from kws.spotting.feature_spec import FeatureSpec


class RowClock(NamedTuple):
    """Counts in samples from the start of the stream, or from its last reset."""

    first: int
    """Where the newest window of row 0 ends."""
    step: int
    """From one row to the next."""

    @classmethod
    def of(cls, features: FeatureSpec, block: int) -> Self:
        """That of a network whose rows take `block` frames each."""
        return cls(features.span(block), block * features.hop)

    def __call__(self, row: int) -> int:
        """The sample up to which the stream has been heard when `row` is complete."""
        return self.first + row * self.step

    def row_at(self, sample: int) -> int:
        """The first row that is not complete before `sample`."""
        return max(0, -((self.first - sample) // self.step))
