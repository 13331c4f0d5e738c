import math

import torch

from kws.training.losses import frame_loss, max_pool_loss, smoothed, taught_loss
from kws.training.targets import FILLER, OTHER, LabelSet

LABELS = LabelSet(("yes", "no"), (OTHER, FILLER))
LOG_ALLOWED = torch.tensor(LABELS.allowed()).log()


def posteriors(*rows: tuple[float, ...]) -> torch.Tensor:
    return torch.tensor([rows]).log()


def test_a_row_may_answer_with_anything_its_code_allows() -> None:
    row = (0.4, 0.3, 0.2, 0.1)
    log_posteriors = posteriors(row, row, row, row)
    codes = torch.tensor([[0, 3, 4 + 0, LABELS.any_other]])
    loss = frame_loss(log_posteriors, codes, LOG_ALLOWED)[0].tolist()
    expected = [-math.log(p) for p in (0.4, 0.1, 0.7, 0.3)]
    assert all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(loss, expected, strict=True))


def test_the_teacher_sees_all_other_labels_as_one() -> None:
    log_posteriors = posteriors((0.4, 0.3, 0.2, 0.1))
    taught = torch.tensor([[[0.5, 0.0, 0.5]]])
    expected = -0.5 * math.log(0.4) - 0.5 * math.log(0.3)
    assert math.isclose(taught_loss(log_posteriors, taught).item(), expected, rel_tol=1e-5)


def test_smoothing_is_the_mean_of_the_last_rows() -> None:
    log_posteriors = posteriors((0.9, 0.1), (0.3, 0.7), (0.6, 0.4))
    torch.testing.assert_close(
        smoothed(log_posteriors, 2)[0, :, 0], torch.tensor([0.45, 0.6, 0.45])
    )


def test_only_the_best_moment_of_a_word_counts() -> None:
    rows = [(0.1, 0.1, 0.4, 0.4)] * 4 + [(0.8, 0.1, 0.05, 0.05)] * 3 + [(0.1, 0.1, 0.4, 0.4)] * 9
    codes = torch.full((1, 16), 3)
    windows = torch.zeros(1, 16, dtype=torch.long)
    codes[0, 2:10] = 0
    windows[0, 2:10] = 1
    positive, negative = max_pool_loss(posteriors(*rows), codes, windows, 2)
    assert math.isclose(positive.item(), -math.log(0.8), rel_tol=1e-4)
    assert negative.item() < -math.log(0.8)


def test_the_worst_moment_of_a_stretch_counts() -> None:
    rows = [(0.01, 0.01, 0.49, 0.49)] * 8 + [(0.01, 0.9, 0.05, 0.04)] * 8
    codes = torch.full((1, 16), LABELS.any_other)
    windows = torch.zeros(1, 16, dtype=torch.long)
    positive, negative = max_pool_loss(posteriors(*rows), codes, windows, 2)
    assert positive.item() == 0
    expected = (-math.log(1 - 0.01) - math.log(1 - 0.9)) / 2
    assert math.isclose(negative.item(), expected, rel_tol=1e-3)


def test_other_words_are_no_words_to_fire_on() -> None:
    rows = [(0.9, 0.02, 0.04, 0.04)] * 8
    codes = torch.full((1, 8), LABELS.output_of("tree"))
    positive, negative = max_pool_loss(posteriors(*rows), codes, torch.ones_like(codes), 2)
    assert positive.item() == 0
    assert math.isclose(negative.item(), -math.log(0.1), rel_tol=1e-3)
