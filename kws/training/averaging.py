"""A moving average of weights, which hears better than the weights of any one step."""

from torch import nn


def follow(averaged: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Move the weights of `averaged` towards those of `network`, in place.

    In the first steps (from 0) the average is a shorter one, so that it forgets where it began.
    Statistics of batch norms are averaged as weights are; what only counts is left alone.
    """
    decay = min(decay, (1 + step) / (10 + step))
    weights = averaged.state_dict()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            weights[name].lerp_(value, 1 - decay)
