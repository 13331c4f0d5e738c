"""What `model.json` says: a typed description that is checked field by field."""

from math import prod
from typing import Any, Final, Literal

import msgspec

from kws.errors import ModelError
from kws.samples import RATE
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.row_clock import RowClock

FORMAT: Final = "kws-model"
VERSION: Final = 1
MOST_LAYERS = 64
MOST_LABELS = 1000


class Convolution(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A causal convolution over time with a ReLU behind it."""

    channels: int
    kernel: int
    """Frames that one output sees: its own and the ``kernel - 1`` before."""
    stride: int = 1
    """Input frames per output frame."""


class NetworkSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Sizes of the network: convolutions, then recurrent layers, then a softmax over the labels."""

    kind: Literal["lstm", "gru", "tcn", "bcresnet"] = "lstm"
    """The runtime knows `lstm`; the others are baselines that only run with the extra `train`."""
    convolutions: tuple[Convolution, ...] = ()
    layers: tuple[int, ...] = (128, 128)
    """Hidden sizes of the recurrent layers, first to last."""
    residual: bool = False
    """Whether each recurrent layer after the first adds its input to its output."""
    block: int = 1
    """Frames per step, which is the shape that is always computed: one row of posteriors each."""

    def check(self) -> None:
        """Raise `ModelError` naming the first field that makes no sense."""
        for field in ("convolutions", "layers"):
            if len(getattr(self, field)) > MOST_LAYERS:
                raise ModelError(f"network.{field} has more than {MOST_LAYERS} entries")
        for index, layer in enumerate(self.convolutions):
            if not (0 < layer.channels <= 4096 and 0 < layer.stride <= layer.kernel <= 256):
                raise ModelError(
                    f"network.convolutions[{index}] must have 1 to 4096 channels, a kernel of 1 to "
                    "256 frames and a stride of 1 to kernel"
                )
        strides = prod(layer.stride for layer in self.convolutions)
        if self.block < 1 or (self.kind == "lstm" and self.block != strides):
            raise ModelError(
                f"network.block is {self.block}, the strides of the convolutions give {strides}"
            )
        if self.kind in ("lstm", "gru") and not self.layers:
            raise ModelError("network.layers is empty, at least one recurrent layer is needed")
        if not all(0 < size <= 4096 for size in self.layers):
            raise ModelError(f"network.layers is {list(self.layers)}, sizes must be 1 to 4096")
        if self.residual and len(set(self.layers)) > 1:
            raise ModelError("network.residual is true, but network.layers differ in size")


class KeywordSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How one word is decided."""

    word: str
    threshold: float = 0.5
    """Smoothed posterior at which the word fires."""
    release: float = 0.25
    """Smoothed posterior below which it may fire again (hysteresis)."""
    smoothing: int = 3
    """Rows of posteriors in the moving average."""
    end_offset: int = 2400
    """Samples from the end of the word to the decision, as a rule (median over validation)."""
    duration: int = 8000
    """Samples from the start of the word to its end, as a rule (median over training)."""

    def check(self, at: str) -> None:
        """Raise `ModelError` naming the first field, below `at`, that makes no sense."""
        for field, good, wish in (
            ("threshold", 0 < self.threshold < 1, "between 0 and 1"),
            ("release", 0 < self.release <= self.threshold, f"0 to {self.threshold:g}"),
            ("smoothing", 1 <= self.smoothing <= 1000, "1 to 1000 rows"),
            ("end_offset", -RATE <= self.end_offset <= 3 * RATE, f"{-RATE} to {3 * RATE} samples"),
            ("duration", 0 < self.duration <= 160000, "1 to 160000 samples"),
        ):
            if not good:
                raise ModelError(f"{at}.{field} is {getattr(self, field)}, it must be {wish}")


class DecisionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long the detector holds back after a detection, in samples."""

    refractory: int = 4800
    """No word fires for so long after any detection."""
    rearm: int = 8000
    """The same word does not fire for so long, and not before it fell below its release."""

    def check(self) -> None:
        """Raise `ModelError` naming the first field that makes no sense."""
        for field in ("refractory", "rearm"):
            if not 0 <= getattr(self, field) <= 160000:
                raise ModelError(f"decision.{field} must be 0 to 160000 samples")


class ModelSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of `model.json`."""

    format: Literal["kws-model"] = FORMAT
    version: Literal[1] = VERSION
    name: str
    description: str = ""
    licence: str = ""
    created: str = ""
    """Date of the export, YYYY-MM-DD."""
    weights_sha256: str = ""
    """SHA-256 of weights.safetensors: two halves of different models do not go together."""
    labels: tuple[str, ...]
    """One per output of the network, keywords and others (written `_filler_`) alike."""
    keywords: tuple[KeywordSettings, ...]
    decision: DecisionSettings = DecisionSettings()
    features: FeatureSpec = FeatureSpec()
    network: NetworkSpec
    training: dict[str, Any] = {}
    """Recipe, seed and data, as far as the trainer wrote them down."""
    metrics: dict[str, Any] = {}
    """Figures of the evaluation."""

    @property
    def row_samples(self) -> int:
        """Samples from one row of posteriors to the next."""
        return RowClock.of(self.features, self.network.block).step

    def check(self) -> None:
        """Raise `ModelError` naming the first field that makes no sense."""
        if not (0 < len(self.name) <= 64 and self.name.isprintable()):
            raise ModelError(f"name is {self.name!r}, it must be 1 to 64 printable characters")
        known = set(self.labels)
        if len(known) != len(self.labels) or not 2 <= len(known) <= MOST_LABELS:
            raise ModelError(f"labels must be 2 to {MOST_LABELS} different names")
        for index, label in enumerate(self.labels):
            # Labels are printed on terminals, and are parts of topics.
            if not (0 < len(label) <= 64 and label.isprintable()) or "/" in label:
                raise ModelError(
                    f"labels[{index}] is {label!r}, it must be 1 to 64 printable characters "
                    "without a slash"
                )
        if not self.keywords:
            raise ModelError("keywords is empty: the model could never fire")
        seen: set[str] = set()
        for index, keyword in enumerate(self.keywords):
            if keyword.word not in known:
                raise ModelError(f"keywords[{index}].word is {keyword.word!r}, not one of labels")
            if keyword.word in seen:
                raise ModelError(f"keywords[{index}].word is {keyword.word!r} a second time")
            seen.add(keyword.word)
            keyword.check(f"keywords[{index}]")
        self.decision.check()
        self.features.check()
        self.network.check()


def decode_spec(text: bytes) -> ModelSpec:
    """Parse and check the content of `model.json`.

    Raises:
        ModelError: no JSON, another format or version, an unknown, missing or senseless field.
    """
    try:
        document = msgspec.json.decode(text)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ModelError(f"format is not {FORMAT!r}: this is not the file of a kws model")
        if document.get("version") != VERSION:
            raise ModelError(
                f"version is {document.get('version')!r}, this program reads {VERSION}: "
                "export the model again or update kws"
            )
        spec = msgspec.convert(document, ModelSpec)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(str(error)) from error
    spec.check()
    return spec
