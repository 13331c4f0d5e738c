import numpy as np

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.mfcc import IncrementalMfcc
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.spectral import Cepstrum


def test_training_and_runtime_hear_the_same() -> None:
    import torch

    spec = FeatureSpec()
    matrices = build_matrices(spec)
    rng = np.random.default_rng(1)
    loud = np.linspace(0, 0.9, 16000) * np.sin(np.arange(16000) ** 1.3 / 50)
    audio = (loud + rng.normal(0, 1e-3, 16000)).astype(np.float32)
    log_mel = LogMel(spec, matrices)(audio)
    assert len(log_mel) == LogMel(spec, matrices).frames(16000)
    ours = Cepstrum(matrices)(torch.from_numpy(log_mel)).numpy()
    framer = IncrementalMfcc(spec, matrices)
    theirs, _ = framer.step(audio, framer.initial_state())
    np.testing.assert_allclose(ours, theirs.mfcc, atol=1e-3)
