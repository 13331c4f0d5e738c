"""Losses over rows of posteriors."""

import torch
from torch import Tensor


def frame_loss(log_posteriors: Tensor, codes: Tensor, log_allowed: Tensor) -> Tensor:
    """(B, R) minus the logarithm of the posterior of all labels that are right in a row.

    Args:
        log_posteriors: (B, R, K)
        codes: (B, R) codes of `targets.py`
        log_allowed: (2 K + 1, K) logarithm of `LabelSet.allowed`
    """
    return -torch.logsumexp(log_posteriors + log_allowed[codes], dim=-1)


def taught_loss(log_posteriors: Tensor, taught: Tensor) -> Tensor:
    """(B, R) cross-entropy with the teacher's posteriors, non-keywords taken together.

    Args:
        log_posteriors: (B, R, K)
        taught: (B, R, keywords + 1)
    """
    keywords = taught.shape[-1] - 1
    other = torch.logsumexp(log_posteriors[..., keywords:], -1, keepdim=True)
    return -(taught * torch.cat((log_posteriors[..., :keywords], other), -1)).sum(-1)


def smoothed(log_posteriors: Tensor, rows: int) -> Tensor:
    """Posteriors (B, R, K), each the mean of its row and the ``rows - 1`` before, as decided on."""
    posteriors = log_posteriors.exp()
    padded = torch.nn.functional.pad(posteriors, (0, 0, rows - 1, 0))
    return padded.unfold(1, rows, 1).mean(-1)


def max_pool_loss(
    log_posteriors: Tensor, codes: Tensor, windows: Tensor, keywords: int, smoothing: int = 3
) -> tuple[Tensor, Tensor]:
    """Max-pooling over smoothed posteriors: what the detector will see.

    Sun et al. 2016 (arXiv 1705.02411), smoothed as in Park et al. 2020 (arXiv 2001.09246): of a
    keyword's window only the best moment is raised; elsewhere the worst moments of each stretch of
    8 rows are pushed down.

    Args:
        log_posteriors: (B, R, K)
        codes: (B, R) codes of `targets.py`
        windows: (B, R) number of the word whose window a row lies in, 0 for none
        keywords: how many of the K labels are keywords, which come first

    Returns:
        mean loss of the keyword windows and mean loss of the stretches without keyword.
    """
    scores = smoothed(log_posteriors, smoothing)[..., :keywords].clamp(1e-6, 1 - 1e-6)
    lanes, rows, _ = scores.shape
    inside = (windows > 0) & (codes < keywords)
    lane = torch.arange(lanes, device=codes.device)[:, None].expand(lanes, rows)
    event = (lane * (int(windows.max()) + 1) + windows)[inside]
    if event.numel():
        names, which = torch.unique(event, return_inverse=True)
        right = scores[inside].gather(1, codes[inside][:, None].long())[:, 0]
        best = right.new_zeros(len(names)).scatter_reduce(0, which, right, "amax")
        positive = -best.log().mean()
    else:
        positive = scores.sum() * 0
    labels = log_posteriors.shape[-1]
    other = (codes >= 2 * labels) | ((codes >= keywords) & (codes < labels))
    worst = torch.where(other, scores.amax(-1), 0)
    worst = worst[:, : rows // 8 * 8].reshape(lanes, -1, 8).amax(-1)
    return positive, -(1 - worst).log().mean()
