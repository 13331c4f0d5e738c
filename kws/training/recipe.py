"""All that decides a training run, saved with the model; presets are recipes with names."""

import msgspec

from kws.errors import ConfigError, did_you_mean
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model_spec import Convolution, NetworkSpec
from kws.training.augmentation import GROUPS


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of a run."""

    preset: str = "default"
    seed: int = 1
    features: FeatureSpec = FeatureSpec()
    network: NetworkSpec
    dropout: float = 0.2
    augmentation: tuple[str, ...] = GROUPS
    own_output: int = 200
    """A word that is not a keyword gets its own output from this many training clips on."""
    lanes: int = 32
    chunk: int = 200
    """Frames of back-propagation through time."""
    tape_chunks: int = 12
    tapes: int = 128
    """Tapes of a generation, a multiple of the lanes."""
    passes: int = 3
    """How often a generation is trained on before the next one takes its place."""
    reset_chance: float = 0.05
    """Share of lanes whose state is reset before a chunk."""
    learning_rate: float = 2e-3
    warm_up: int = 100
    """Steps over which the learning rate rises; it falls by a cosine afterwards."""
    weight_decay: float = 0.01
    gradient_clip: float = 2.0
    average: float = 0.998
    """Decay of the moving average of the weights, which is what is exported."""
    word_weight: float = 2.0
    """Weight of the rows in a keyword's window."""
    max_pool_from: float = 0.6
    """Share of the run after which max-pooling joins the frame loss; 1 for never."""
    max_pool_weight: float = 0.3
    teacher: str = ""
    """A published clip model (TFLite) whose answers soften the targets; empty for none."""
    teacher_weight: float = 0.5
    """Share of the teacher in the loss of a word's window."""
    mine_every: int = 3
    """Generations between two searches for hard negatives; 0 for never."""
    validate_every: float = 240.0
    """Seconds between two validations, each of which writes a checkpoint."""

    def check(self) -> None:
        """Raise `ConfigError` or `ModelError` naming the first field that makes no sense."""
        self.features.check()
        self.network.check()
        if self.chunk % self.network.block:
            raise ConfigError(f"chunk ({self.chunk}) must be a multiple of {self.network.block}")
        if self.tapes % self.lanes:
            raise ConfigError(f"tapes ({self.tapes}) must be a multiple of lanes ({self.lanes})")
        for group in sorted(set(self.augmentation) - set(GROUPS)):
            raise ConfigError(f"there is no augmentation {group!r}: {did_you_mean(group, GROUPS)}")

    @property
    def tape_frames(self) -> int:
        """Frames of a tape."""
        return self.chunk * self.tape_chunks


_CONVOLUTIONS = (
    Convolution(channels=64, kernel=5, stride=1),
    Convolution(channels=64, kernel=5, stride=2),
    Convolution(channels=80, kernel=5, stride=1),
)

PRESETS = {
    "default": Recipe(
        network=NetworkSpec(convolutions=_CONVOLUTIONS, layers=(128, 128), residual=True, block=2)
    ),
    "article": Recipe(
        preset="article",
        network=NetworkSpec(layers=(128,), block=1),
        dropout=0.0,
        learning_rate=1e-3,
        weight_decay=0.0,
        max_pool_from=1.0,
        mine_every=0,
    ),
    "gru": Recipe(
        preset="gru",
        network=NetworkSpec(
            kind="gru", convolutions=_CONVOLUTIONS, layers=(128, 128), residual=True, block=2
        ),
    ),
    "tcn": Recipe(preset="tcn", network=NetworkSpec(kind="tcn", layers=(96,), block=2)),
    "bcresnet": Recipe(
        preset="bcresnet", network=NetworkSpec(kind="bcresnet", layers=(20,), block=2), dropout=0.1
    ),
}


def preset(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}: {did_you_mean(name, PRESETS)}")
    return PRESETS[name]
