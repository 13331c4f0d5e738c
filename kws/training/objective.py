"""What the network for words is trained for: frames, then whole words."""

import torch
from torch import Tensor

from kws.training.lanes import Batch
from kws.training.losses import frame_loss, max_pool_loss, taught_loss
from kws.training.recipe import Recipe
from kws.training.targets import LabelSet


class Objective:
    """The loss of a chunk; from a share of the budget on, that of its words is added."""

    def __init__(self, recipe: Recipe, labels: LabelSet, device: torch.device) -> None:
        self._recipe = recipe
        self._keywords = len(labels.keywords)
        self._log_allowed = torch.tensor(labels.allowed()).log().to(device)

    def __call__(self, log_posteriors: Tensor, batch: Batch, share: float) -> Tensor:
        """The loss of (B, R, K) log posteriors, when `share` of the budget is used up."""
        recipe = self._recipe
        inside = batch.windows > 0
        rows = frame_loss(log_posteriors, batch.codes, self._log_allowed)
        if recipe.teacher:
            taught = taught_loss(log_posteriors, batch.taught)
            rows = torch.where(inside, rows.lerp(taught, recipe.teacher_weight), rows)
        weight = 1 + (recipe.word_weight - 1) * inside
        loss = (rows * weight).sum() / weight.sum()
        if share < recipe.max_pool_from:
            return loss
        positive, negative = max_pool_loss(
            log_posteriors, batch.codes, batch.windows, self._keywords
        )
        return loss + recipe.max_pool_weight * (positive + 4 * negative)
