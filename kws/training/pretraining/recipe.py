"""All that decides a pre-training, kept with its result."""

import msgspec

from kws.errors import ConfigError, did_you_mean
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model_spec import NetworkSpec

GROUPS = ("place", "noise", "voices", "spectral", "faults")
"""What the student hears and its teacher does not, but for the speed of `place`."""


class PretrainingRecipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a pre-training; fields that `kws train` has too mean the same."""

    preset: str = "default"
    """Where features and network come from."""
    seed: int = 1
    features: FeatureSpec = FeatureSpec()
    network: NetworkSpec
    dropout: float = 0.0
    """There is more audio than can be learnt by heart."""
    augmentation: tuple[str, ...] = GROUPS
    lag: int = 0
    """Rows from the end of the teacher's window to the row that has to know its embedding."""
    lanes: int = 32
    chunk: int = 200
    """Frames of back-propagation through time."""
    tape_chunks: int = 12
    tapes: int = 128
    """Tapes of a generation, a multiple of the lanes."""
    hearings: int = 2
    """How often a tape is given noise, a room and a level: the teacher costs more than these."""
    passes: int = 4
    """How often a generation is gone over, one hearing after the other, before the next one."""
    reset_chance: float = 0.05
    """Share of lanes whose state is reset before a chunk."""
    learning_rate: float = 4e-3
    warm_up: int = 100
    """Steps over which the learning rate rises; it falls by a cosine afterwards."""
    weight_decay: float = 0.01
    gradient_clip: float = 2.0
    average: float = 0.998
    """Decay of the moving average of the weights, which is what is kept."""
    validate_every: float = 240.0
    """Seconds between two validations, each of which writes a checkpoint and the result so far."""

    def check(self) -> None:
        """Raise `ConfigError` or `ModelError` naming the first field that makes no sense."""
        self.features.check()
        self.network.check()
        if self.chunk % self.network.block:
            raise ConfigError(f"chunk must be a multiple of network.block ({self.network.block})")
        if self.tapes % self.lanes:
            raise ConfigError(f"tapes must be a multiple of lanes ({self.lanes})")
        for group in sorted(set(self.augmentation) - set(GROUPS)):
            raise ConfigError(
                f"augmentation: there is no group {group!r}: {did_you_mean(group, GROUPS)}"
            )
        for field in (
            "lanes",
            "chunk",
            "tape_chunks",
            "tapes",
            "hearings",
            "passes",
            "learning_rate",
        ):
            if not getattr(self, field) > 0:
                raise ConfigError(f"{field} is {getattr(self, field)}, it must be above 0")
        for field, highest in (("dropout", 1), ("reset_chance", 1), ("average", 1), ("lag", 50)):
            if not 0 <= getattr(self, field) <= highest:
                raise ConfigError(
                    f"{field} is {getattr(self, field)}, it must be between 0 and {highest}"
                )

    @property
    def tape_frames(self) -> int:
        """Frames of a tape."""
        return self.chunk * self.tape_chunks

    @property
    def tape_samples(self) -> int:
        """Samples of a tape, so many that its last frame is whole."""
        return self.features.span(self.tape_frames)
