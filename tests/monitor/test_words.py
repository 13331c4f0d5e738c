"""The lines of the words, as text."""

import re

import pytest

from tests.support.happenings import description, listening, row
from tests.support.screens import AT, SIZES, drawn, many_words, ten_words, with_words, word_line


def test_the_curve_shows_where_the_word_scored_and_fired() -> None:
    curve = word_line(drawn(listening()), "yes")[-30:]
    # The column of the detection, and two more above the threshold, 3.6 s before the end.
    assert re.fullmatch(r"▁*◆▇▇▁+", curve.strip())


def test_the_threshold_is_a_mark_that_moves() -> None:
    state = listening()
    before = word_line(drawn(state), "yes").index("┃")
    state.describe(description(yes=0.95))
    after = drawn(state)
    assert word_line(after, "yes").index("┃") > before
    assert "0.95" in word_line(after, "yes")


def test_the_bar_follows_the_score() -> None:
    state = listening()
    lengths = []
    for number, score in enumerate((0.1, 0.5, 0.99)):
        # Two columns on, or the greater score of the moment before would stand.
        state.take(row(200_000 + 12_800 * number, no=score), AT)
        lengths.append(word_line(drawn(state), "no").count("█"))
    assert lengths == sorted(set(lengths))
    assert lengths[0] > 0


def test_a_near_miss_has_a_mark_of_its_own() -> None:
    state = ten_words()
    lines = drawn(state)
    assert re.match(r" ◇ off .*0\.58 +▁*◇▁* $", word_line(lines, "off"))
    assert re.match(r" ◆ go ", word_line(lines, "go"))
    heard = [line for line in lines if re.match(r" [◆◇] \d", line)]
    assert re.match(r" ◆ \S+ +go +0\.81 0\.55 +100 ms", heard[0])
    assert re.match(r" ◇ \S+ +off +0\.58 0\.69  lacks 0\.11", heard[1])
    assert any("◇ near miss" in line for line in lines), "it is said what the mark is"
    later = drawn(state, at=AT + 60)
    assert not re.match(r".[◆◇]", word_line(later, "off"))
    plain = drawn(state, ascii=True)
    assert [line for line in plain if re.match(r" o \S+ +off +0\.58", line)]


def test_the_selected_word_has_a_mark() -> None:
    state = ten_words()
    state.selected = "up"
    for size in SIZES:
        marked = [line for line in drawn(state, *size) if "▸" in line]
        assert len(marked) == 1
        assert re.search(r"▸[◆◇ ] up ", marked[0])
    assert ">  up " in "\n".join(drawn(state, ascii=True))


def test_a_threshold_says_whether_it_is_in_force_and_saved() -> None:
    state = listening()
    state.asked["yes"] = 0.8
    assert "0.60? " in word_line(drawn(state), "yes")
    state.asked.clear()
    state.set_threshold("yes", 0.8, saved=False)
    assert "0.80* " in word_line(drawn(state), "yes")
    assert "/0.80*" in "\n".join(drawn(state, 20, 6))
    state.set_threshold("yes", 0.8, saved=True)
    assert "0.80  " in word_line(drawn(state), "yes")


def test_where_not_all_words_fit_the_best_are_shown() -> None:
    lines = drawn(many_words(), 30, 10)
    text = "\n".join(lines)
    assert "word 13" in text
    assert re.search(r" and \d+ more", text)
    assert not re.search(r"word 1\b", text)


@pytest.mark.parametrize("size", [(20, 6), (30, 10), (40, 9)])
def test_what_is_said_of_the_other_words_is_true(size: tuple[int, int]) -> None:
    silent = with_words(tuple(f"word {number}" for number in range(20)), {})
    text = "\n".join(drawn(silent, *size))
    shown = len(re.findall(r"word \d+ ", text))
    assert f"and {20 - shown} more" in text
    assert "less" not in text


def test_the_words_around_the_selected_one_are_shown() -> None:
    state = many_words()
    for name in state.thresholds:
        state.selected = name
        text = "\n".join(drawn(state, 30, 6))
        assert f"▸  {name}" in text
        above, below = (int(number) for number in re.findall(r"(\d+) (?:above|below)", text))
        shown = len(re.findall(r"word \d+ ", text))
        assert above + shown + below == 20


@pytest.mark.parametrize("size", [(20, 6), (40, 12), (80, 24)])
def test_long_names_keep_their_beginning_and_their_end(size: tuple[int, int]) -> None:
    names = ("light in the kitchen on", "light in the kitchen off")
    lines = drawn(with_words(names, {}), *size)
    text = "\n".join(lines)
    if size[0] >= 40:
        assert all(name in text for name in names)
    else:
        assert re.search(r"li\S*…\s?on ", text)
        assert re.search(r"li\S*…\s?off? |li\S*…ff ", text)
    assert text.count("/0.69") + text.count("  0.69") == 2
