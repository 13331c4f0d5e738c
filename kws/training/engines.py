"""What runs a network: the shipped runtime, or torch for the baselines."""

from kws.extras import require
from kws.spotting.lstm import Engine
from kws.spotting.model import Model


def choose_engine(model: Model) -> Engine | None:
    """What runs the network of `model`: None for the shipped runtime, else the baselines' engine.

    Raises:
        MissingExtraError: the model is a baseline and torch is not installed.
    """
    if model.spec.network.kind == "lstm":
        return None
    require("train", f"a {model.spec.network.kind} network", "torch")
    import torch

    from kws.training.torch_engine import TorchEngine

    # So small a product is slower on two threads, and a hundred times so on a busy machine.
    torch.set_num_threads(1)
    return TorchEngine(model)
