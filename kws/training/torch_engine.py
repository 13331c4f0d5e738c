"""Networks that only torch runs, behind the same two methods as the runtime's own.

For comparisons: `kws eval` measures the baselines through the shipped spotter with it.
"""

import numpy as np
import numpy.typing as npt
import torch

from kws.errors import ModelError
from kws.spotting.model import Model
from kws.training.baselines import build_network
from kws.training.networks import State


class TorchEngine:
    """Steps a model's network in torch; an `Engine` for `Spotter`."""

    def __init__(self, model: Model) -> None:
        """Take the weights of a `gru`, `tcn` or `bcresnet`.

        Raises:
            ModelError: the network is an LSTM, which `StatefulLstm` runs, or an array does not fit.
        """
        spec = model.spec.network
        if spec.kind == "lstm":
            raise ModelError("network.kind is 'lstm': it runs without torch")
        self._labels = len(model.spec.labels)
        self._network = build_network(
            spec, model.spec.features.coefficients, len(model.spec.labels)
        ).eval()
        weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
        try:
            left_over = self._network.load_state_dict(weights, strict=False)
        except RuntimeError as error:
            raise ModelError(f"the weights do not fit the network fields: {error}") from error
        # Batch norm counts its batches, which is of no use here and not in the model.
        lacking = [n for n in left_over.missing_keys if not n.endswith("num_batches_tracked")]
        for name in [*lacking, *left_over.unexpected_keys]:
            raise ModelError(f"weights and network fields do not agree on {name}")

    def initial_state(self) -> State:
        """The state before the first frame."""
        return self._network.initial_state(1)

    @torch.no_grad()
    def step(
        self, frames: npt.NDArray[np.floating], state: State
    ) -> tuple[npt.NDArray[np.floating], State]:
        """Normalised frames (T, F), T a multiple of the block, to posteriors (T / block, K).

        All of a call at once, which is many times quicker than by the block; so here, unlike in
        the runtime's own engine, another cut may change the last bits.
        """
        if not len(frames):
            return np.zeros((0, self._labels), np.float32), state
        logits, state = self._network(torch.from_numpy(frames[None].astype(np.float32)), state)
        return logits[0].softmax(-1).numpy(), state
