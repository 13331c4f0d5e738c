"""A network over whole streams in batches: posteriors for validation and for mining."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from kws.corpus.corpus import Corpus
from kws.training.logmel import LogMel
from kws.training.networks import StreamNetwork
from kws.training.sounds import Mined
from kws.training.spectral import Cepstrum

_CHUNK = 1000


def stream_posteriors(
    network: StreamNetwork,
    cepstrum: Cepstrum,
    log_mel: npt.NDArray[np.float16],
    device: torch.device,
) -> npt.NDArray[np.float32]:
    """(B, T, mels) lanes to (B, T / block, K) posteriors, each lane from a fresh state."""
    return stream_outputs(network, cepstrum, log_mel, device).softmax(-1).numpy()


@torch.no_grad()
def stream_outputs(
    network: StreamNetwork,
    cepstrum: Cepstrum,
    log_mel: npt.NDArray[np.float16],
    device: torch.device,
) -> Tensor:
    """(B, T, mels) lanes to (B, T / block, K) outputs of the head, each lane from a fresh state."""
    network.eval()
    state = network.initial_state(len(log_mel))
    frames = log_mel.shape[1] // network.spec.block * network.spec.block
    rows = []
    for start in range(0, frames, _CHUNK):
        chunk = torch.from_numpy(log_mel[:, start : min(frames, start + _CHUNK)].astype(np.float32))
        logits, state = network(cepstrum(chunk.to(device)), state)
        rows.append(logits.cpu())
    return torch.cat(rows, 1)


class NegativeMiner:
    """Searches all training negatives for what the network takes for keywords.

    Features are computed once; recordings lie end to end on lanes, half a second apart.
    """

    _LANES = 64
    _GAP = 25

    def __init__(self, corpus: Corpus, log_mel: LogMel) -> None:
        self._hop = log_mel.spec.hop
        mels = log_mel.spec.mels
        lanes: list[list[npt.NDArray[np.float16]]] = [[] for _ in range(self._LANES)]
        lengths = np.zeros(self._LANES, int)
        self._spans: list[tuple[int, int, int, int]] = []
        quiet = np.full((self._GAP, mels), np.log(max(log_mel.spec.floor, 1e-6)), np.float16)
        for index, recording in enumerate(corpus.recordings):
            if recording.kind == "word" or recording.part != "training":
                continue
            if len(corpus.samples(recording)) < 2 * log_mel.spec.window:
                continue
            features = log_mel(corpus.audio(recording)).astype(np.float16)
            lane = int(lengths.argmin())
            self._spans.append((lane, int(lengths[lane]), len(features), index))
            lanes[lane] += [features, quiet]
            lengths[lane] += len(features) + self._GAP
        longest = int(lengths.max())
        self._log_mel = np.full((self._LANES, longest, mels), quiet[0, 0], np.float16)
        for number, pieces in enumerate(lanes):
            if pieces:
                self._log_mel[number, : lengths[number]] = np.concatenate(pieces)

    def search(
        self,
        network: StreamNetwork,
        cepstrum: Cepstrum,
        device: torch.device,
        keywords: int,
        most: int = 400,
        least: float = 0.2,
    ) -> list[Mined]:
        """The up to `most` worst moments with a keyword's posterior of at least `least`."""
        if not self._spans:
            return []
        posteriors = stream_posteriors(network, cepstrum, self._log_mel, device)
        scores = posteriors[..., :keywords].max(-1)
        found = [peak for span in self._spans for peak in self._peaks(scores, span, network)]
        found.sort(key=lambda peak: -peak[0])
        return [mined for score, mined in found[:most] if score >= least]

    def _peaks(
        self,
        scores: npt.NDArray[np.float32],
        span: tuple[int, int, int, int],
        network: StreamNetwork,
    ) -> Iterator[tuple[float, Mined]]:
        """The highest moment of each two seconds of a recording."""
        lane, start, length, index = span
        block = network.spec.block
        rows = scores[lane, start // block : (start + length) // block]
        stretch = 100 // block
        for first in range(0, len(rows), stretch):
            part = rows[first : first + stretch]
            end = (first + int(part.argmax()) + 1) * block * self._hop
            yield float(part.max()), Mined(index, max(0, end - 12000), end)
