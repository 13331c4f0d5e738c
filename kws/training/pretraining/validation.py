"""How well a network predicts the teacher on the voices of the validation part."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from kws.corpus.corpus import Corpus
from kws.corpus.mixing import amplitude
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.networks import StreamNetwork
from kws.training.pretraining.pool import make_library, taught
from kws.training.pretraining.recipe import PretrainingRecipe
from kws.training.pretraining.tapes import TapeMixer
from kws.training.pretraining.targets import Alignment, Scale
from kws.training.pretraining.teacher import EmbeddingTeacher
from kws.training.scoring import stream_outputs
from kws.training.spectral import Cepstrum

LANES = 32
_SEED = 1_000_000
_NOISE_DB = 10.0
_FLOOR = -70.0


@dataclass(frozen=True, slots=True, eq=False)
class ValidationTapes:
    """Tapes of voices that teach nothing."""

    heard: dict[str, npt.NDArray[np.float16]]
    """(lanes, T, mels) by condition: `clean`, and `noise` of 10 dB"""
    embeddings: npt.NDArray[np.float16]
    """(lanes, E, dimensions)"""


def validation_tapes(
    corpus: Corpus, recipe: PretrainingRecipe, teacher: EmbeddingTeacher
) -> ValidationTapes:
    """The same tapes for all runs of a recipe's seed and lengths."""
    log_mel = LogMel(recipe.features, build_matrices(recipe.features))
    mixer = TapeMixer(make_library(corpus, recipe, "validation"), recipe.tape_samples, ())
    conditions: dict[str, list[npt.NDArray[np.float16]]] = {"clean": [], "noise": []}
    embeddings = []
    for index in range(LANES):
        rng = np.random.default_rng((recipe.seed, _SEED, index))
        clean = mixer.clean(rng)
        embeddings.append(taught(teacher, rng, clean))
        hiss = np.float32(amplitude(_FLOOR)) * rng.standard_normal(len(clean), dtype=np.float32)
        noisy = mixer.with_noise(rng, clean, _NOISE_DB)
        for name, audio in (("clean", clean + hiss), ("noise", noisy)):
            conditions[name].append(log_mel(audio).astype(np.float16))
    return ValidationTapes(
        {name: np.stack(tapes) for name, tapes in conditions.items()}, np.stack(embeddings)
    )


def errors(
    network: StreamNetwork,
    cepstrum: Cepstrum,
    tapes: ValidationTapes,
    scale: Scale,
    alignment: Alignment,
    device: torch.device,
) -> dict[str, float]:
    """Mean squared error by condition, as a share of the variance of the embedding.

    1 is what a network reaches that always says the mean.
    """
    targets = scale.normalised(tapes.embeddings)
    shares = {}
    for name, heard in tapes.heard.items():
        outputs = stream_outputs(network, cepstrum, heard, device).numpy()
        of_tape, rows = alignment.within(slice(0, outputs.shape[1]), targets.shape[1])
        wanted = targets[:, of_tape]
        spread = np.square(wanted - wanted.mean(axis=(0, 1))).mean()
        shares[name] = float(np.square(outputs[:, rows] - wanted).mean() / max(spread, 1e-12))
    return shares
