"""Colours that can be told apart, whoever looks."""

import numpy as np
import pytest

from kws.replay.palette import COLOURS, colours_of
from tests.support.colour_vision import VISIONS, ciede2000, contrast, least_difference

TEN_OF_MATPLOTLIB = (
    "#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
    "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf",
)  # fmt: skip


@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_words_differ_to_every_eye(vision: str) -> None:
    difference, pair = least_difference([colour.curve for colour in COLOURS], vision)
    assert difference > (24 if vision == "normal" else 14), pair


def test_the_usual_ten_colours_would_not_do() -> None:
    """So the test above can fail."""
    assert least_difference(TEN_OF_MATPLOTLIB, "deuteranopia")[0] < 6


def test_curves_and_small_print_stand_out_from_white() -> None:
    for colour in COLOURS:
        assert contrast(colour.curve, "#ffffff") >= 3
        assert contrast(colour.text, "#ffffff") >= 4.5


def test_a_label_has_the_hue_of_its_curve() -> None:
    for colour in COLOURS:
        shares = [
            [int(value[at : at + 2], 16) for at in (1, 3, 5)]
            for value in (colour.curve, colour.text)
        ]
        curve, text = np.array(shares) / np.sum(shares, axis=1, keepdims=True)
        np.testing.assert_allclose(text, curve, atol=0.02)


def test_the_eleventh_word_has_a_colour() -> None:
    words = [f"word {number}" for number in range(11)]
    colours = colours_of(words)
    assert list(colours) == words
    assert colours["word 10"] == colours["word 0"] != colours["word 1"]


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    # From the test data of Sharma, Wu and Dalal (2005): each has its own pitfall.
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_measure_of_difference_is_that_of_the_standard(
    first: tuple[float, ...], second: tuple[float, ...], difference: float
) -> None:
    found = ciede2000(np.array(first, float), np.array(second, float))
    assert found == pytest.approx(difference, abs=1e-4)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
