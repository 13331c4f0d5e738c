"""The page of an evaluation: whole, legible in light and dark, and fit to be read out."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest

from kws.evaluation.materials import NOISE, WITH_KEYWORDS
from kws.evaluation.plots import CELL_OPACITY
from kws.evaluation.report import page
from kws.evaluation.results import Evaluation
from tests.support.colour_vision import VISIONS, contrast, least_difference, mixed
from tests.support.evaluations import alarm_result, evaluation, stream_result

CASES: dict[str, Evaluation] = {
    "everything": evaluation(
        [stream_result(2000, 126), stream_result(2000, 334, "10 dB")],
        [alarm_result(2, 1.17), alarm_result(9, 0.5, WITH_KEYWORDS), alarm_result(0, 0.9, NOISE)],
        ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"],
    ),
    "no alarms": evaluation([stream_result(40, 2)], [alarm_result(0, 1.17)]),
    "no hours": evaluation([stream_result(40, 2)], [alarm_result(0, 0.0)]),
    "nothing quiet measured": evaluation([stream_result(40, 2, "5 dB")]),
    "one word, two clips, both heard": evaluation([stream_result(2, 0)], words=["yes"]),
    "one word, two clips, none heard": evaluation(
        [stream_result(2, 2, latencies=None)], [alarm_result(1, 0.01)], words=["yes"]
    ),
    "a word that looks like markup": evaluation(
        [stream_result(2, 1)], words=["<b>$x^$ & \"'"], name="</title><h1>$_$"
    ),
}
VOID = {"meta", "br", "img"}


class Element(HTMLParser):
    """The elements of a page, each as (tag, attributes, the tags around it)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}, [*self._open]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}, [*self._open]))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for found, attributes, _ in self.found if found == tag]


@cache
def written(case: str) -> str:
    return page(CASES[case])


def variables(scheme: str) -> dict[str, str]:
    """The colours of the style sheet that are opaque, in a colour scheme."""
    light, dark = re.findall(r":root \{(.*?)\}", written("everything"), re.S)
    sheets = {"light": light, "dark": dark}
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", sheets[scheme]))


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_well_formed(case: str) -> None:
    elements = Element(written(case))
    names = [attributes["id"] for _, attributes, _ in elements.found if "id" in attributes]
    assert len(names) == len(set(names))
    referred = re.findall(r"""(?:url\(|xlink:href=")#([\w-]+)""", written(case))
    assert referred
    assert set(referred) <= set(names)
    assert not {"nan", "inf"} & set(re.findall(r"\b(?:nan|inf)\b", written(case)))


@pytest.mark.parametrize("case", CASES)
def test_tables_and_figures_can_be_read_out(case: str) -> None:
    elements = Element(written(case))
    for attributes in elements.all("svg"):
        title = attributes["aria-labelledby"]
        assert attributes["role"] == "img"
        assert {"id": title} in elements.all("title")
    for tag, attributes, around in elements.found:
        if tag == "th":
            assert attributes["scope"] == ("col" if "thead" in around else "row")
        if tag in ("table", "svg"):
            assert around[-1] == "div"
    rows = [around for tag, _, around in elements.found if tag == "tr" and "tbody" in around]
    headers = [around for tag, _, around in elements.found if tag == "th" and "tbody" in around]
    assert len(headers) == len(rows) > 0
    scrolling = [each for each in elements.all("div") if each.get("class") == "scroll"]
    assert len(scrolling) == len(elements.all("svg")) + len(elements.all("table"))
    assert all(each["tabindex"] == "0" and each["aria-label"] for each in scrolling)


def test_the_first_thing_is_what_it_means() -> None:
    text = " ".join(Element(written("everything")).text)
    assert 0 < text.index("What this means for you") < text.index("of the clips labelled right")
    assert "once in 35 minutes" in text


@pytest.mark.parametrize("case", ["no hours", "nothing quiet measured"])
def test_what_was_not_measured_is_unknown(case: str) -> None:
    text = Element(written(case)).text
    after = text.index("unknown")
    assert text[after + 1] == "false alarms an hour: no speech without keywords was measured"


def test_names_are_no_markup() -> None:
    elements = Element(written("a word that looks like markup"))
    assert len(elements.all("h1")) == 1
    assert "<b>$x^$ & \"'" in elements.text
    assert any("</title><h1>$_$" in text for text in elements.text)


def test_pictures_have_the_colours_of_the_page_and_no_ground() -> None:
    for svg in re.findall(r"<svg.*?</svg>", written("everything"), re.S):
        painted = set(re.findall(r"(?:fill|stroke): ?([^;\"]+)", svg))
        assert "var(--ink)" in painted
        assert all(each == "none" or each.startswith("var(--") for each in painted)
        assert "<image" not in svg


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_has_enough_contrast(scheme: str) -> None:
    colours = variables(scheme)
    used = set(re.findall(r"var\(--([\w-]+)\)", written("everything")))
    assert used - {"shadow"} <= set(colours)
    paper = colours["paper"]
    for ground in (paper, colours["tint"]):
        assert contrast(colours["ink"], ground) > 7
    assert contrast(colours["quiet"], paper) >= 4.5
    assert contrast(colours["mark"], paper) >= 3
    fullest = mixed(colours["series-1"], paper, CELL_OPACITY)
    assert contrast(colours["ink"], fullest) >= 4.5
    series = [colours[f"series-{number}"] for number in range(1, 9)]
    assert all(contrast(colour, paper) >= 3 for colour in series)
    for vision in VISIONS:
        difference, pair = least_difference(series, vision)
        assert difference > 14, (vision, pair)


def test_letters_of_figures_stay_legible_on_a_telephone() -> None:
    svgs = re.findall(r"<svg.*?</svg>", written("everything"), re.S)
    assert len(svgs) == 5
    for svg in svgs:
        least = re.search(r"min-width: (\d+)px", svg)
        units = re.search(r'viewBox="0 0 ([\d.]+) ', svg)
        assert least and units
        sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
        assert min(sizes) * int(least[1]) / float(units[1]) >= 10
