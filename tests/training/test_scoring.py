"""Networks over whole streams, and the search for hard negatives."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from kws.corpus.corpus import Corpus, read_corpus
from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.model_spec import NetworkSpec
from kws.training.baselines import build_network
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.networks import State, StreamNetwork
from kws.training.scoring import NegativeMiner, stream_posteriors
from kws.training.spectral import Cepstrum

SPEC = FeatureSpec()
MATRICES = build_matrices(SPEC)
CPU = torch.device("cpu")


class LoudIsAKeyword(StreamNetwork):
    """Answers the first label where a frame is loud, the second elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.spec = NetworkSpec(layers=(1,), block=2)

    def initial_state(self, lanes: int) -> State:
        return (torch.zeros(lanes, 1),)

    def forward(self, frames: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        loud = frames[:, 1::2, 0] > 40
        return torch.stack((loud * 20.0 - 10, loud * -20.0 + 10), -1), state

    def exported(self) -> dict[str, np.ndarray]:
        raise NotImplementedError


@pytest.fixture
def corpus(tiny_corpus: Path, tmp_path: Path) -> Corpus:
    """Two recordings of near silence, of which one has a bang at 3 s."""
    folder = tmp_path / "synthetic-en"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for name in ("quiet.wav", "bang.wav"):
        audio = 1e-4 * rng.standard_normal(6 * 16000)
        if name == "bang.wav":
            audio[48000:52000] += 0.5 * rng.standard_normal(4000)
        soundfile.write(folder / name, audio, 16000)
    return read_corpus(tiny_corpus, [folder])


def test_a_stream_in_pieces_is_one_stream() -> None:
    """What is computed in batches equals one call, also beyond the size of a piece."""
    torch.manual_seed(1)
    network = build_network(NetworkSpec(layers=(6, 6), residual=True, block=1), 40, 3).eval()
    log_mel = np.random.default_rng(2).normal(0, 2, (2, 2345, SPEC.mels)).astype(np.float16)
    cepstrum = Cepstrum(MATRICES)
    found = stream_posteriors(network, cepstrum, log_mel, CPU)
    with torch.no_grad():
        frames = cepstrum(torch.from_numpy(log_mel.astype(np.float32)))
        whole, _ = network(frames, network.initial_state(2))
    np.testing.assert_allclose(found, whole.softmax(-1).numpy(), atol=1e-5)


def test_the_miner_finds_a_planted_false_alarm(corpus: Corpus) -> None:
    miner = NegativeMiner(corpus, LogMel(SPEC, MATRICES))
    mined = miner.search(LoudIsAKeyword(), Cepstrum(MATRICES), CPU, keywords=1)
    assert len(mined) == 1
    (found,) = mined
    assert corpus.recordings[found.recording].name == "bang.wav"
    assert 48000 <= found.end <= 52000 + SPEC.window + 2 * SPEC.hop
    assert found.start == found.end - 12000


def test_a_quiet_network_gives_nothing_to_mine(corpus: Corpus) -> None:
    miner = NegativeMiner(corpus, LogMel(SPEC, MATRICES))
    assert miner.search(LoudIsAKeyword(), Cepstrum(MATRICES), CPU, keywords=1, least=1.1) == []


def test_a_corpus_without_negatives_has_nothing_to_mine(tiny_corpus: Path) -> None:
    miner = NegativeMiner(read_corpus(tiny_corpus), LogMel(SPEC, MATRICES))
    assert miner.search(LoudIsAKeyword(), Cepstrum(MATRICES), CPU, keywords=1) == []
