"""The rule that labels clips, and what is counted of it."""

import numpy as np
import pytest

from kws.corpus.corpus import Corpus
from kws.errors import DataError
from kws.evaluation.clips import (
    ClipEvidence,
    choose_rule,
    cut_silence,
    decide,
    hear_clips,
    score_clips,
)
from kws.evaluation.listeners import SpotterListener
from kws.evaluation.results import ClipRule
from kws.spotting.model import Model

YES, NO, UNKNOWN, SILENCE = range(4)


@pytest.fixture
def evidence() -> ClipEvidence:
    """Six clips: two keywords heard well, one badly, one mistaken, unknown, silence."""
    keywords = np.array([[4.0, -6], [-5, 3], [-1, -3], [2, -4], [-2, -5], [-7, -8]])
    other = np.array([-3.0, -4, -3, 1, 0, -6])
    return ClipEvidence(keywords, other, np.array([YES, NO, YES, NO, UNKNOWN, SILENCE]))


def test_the_strongest_evidence_decides(evidence: ClipEvidence) -> None:
    plain = decide(evidence, ClipRule(0.0, -4.0, "here"))
    assert plain.tolist() == [YES, NO, YES, YES, UNKNOWN, SILENCE]
    eager = decide(evidence, ClipRule(10.0, -4.0, "here"))
    assert eager.tolist() == [UNKNOWN] * 6
    deaf = decide(evidence, ClipRule(0.0, 9.0, "here"))
    assert deaf.tolist() == [SILENCE] * 6


def test_the_chosen_rule_is_the_best_there_is(evidence: ClipEvidence) -> None:
    rule = choose_rule(evidence, "validation")
    assert (decide(evidence, rule) == evidence.truth).sum() == 5
    assert rule.chosen_on == "validation"


def test_figures(evidence: ClipEvidence) -> None:
    result = score_clips(evidence, ["yes", "no"], ClipRule(0.0, -4.0, "here"), seed=1)
    assert result.labels == ["yes", "no", "_unknown_", "_silence_"]
    assert result.confusion == [[2, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert result.accuracy == pytest.approx(5 / 6)
    assert result.accuracy_without_silence == pytest.approx(4 / 5)
    assert (result.clips, result.silence) == (6, 1)
    assert [word.precision for word in result.words] == pytest.approx([2 / 3, 1, 1, 1])
    assert [word.recall for word in result.words] == pytest.approx([1, 0.5, 1, 1])
    assert result.low <= result.accuracy <= result.high


def test_a_label_that_never_occurs_has_no_share(evidence: ClipEvidence) -> None:
    few = ClipEvidence(evidence.keywords[:1], evidence.other[:1], evidence.truth[:1])
    result = score_clips(few, ["yes", "no"], ClipRule(0.0, -4.0, "here"), seed=1)
    assert [word.precision for word in result.words] == [1, None, None, None]
    assert [word.recall for word in result.words] == [1, None, None, None]


def test_no_clips_at_all() -> None:
    nothing = ClipEvidence(np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.int64))
    with pytest.raises(DataError, match="no clip"):
        score_clips(nothing, ["yes", "no"], ClipRule(0.0, 0.0, "here"), seed=1)


def test_silence_is_a_tenth_of_the_list_and_always_the_same(corpus: Corpus) -> None:
    noise = corpus.select("noise", "testing")
    first, again = (cut_silence(corpus, noise, 90, seed=4) for _ in range(2))
    assert len(first) == 10
    assert {len(sound) for sound in first} == {16000}
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(first[0], cut_silence(corpus, noise, 90, seed=5)[0])
    assert cut_silence(corpus, [], 90, seed=4) == []


def test_every_clip_is_heard_from_fresh_state(tiny_model: Model, corpus: Corpus) -> None:
    clips = corpus.select("word", "testing")
    listener = SpotterListener(tiny_model)

    def hear(order: list[int]) -> ClipEvidence:
        chosen = [clips[index] for index in order]
        return hear_clips(
            listener, tiny_model.words, tiny_model.spec.labels, corpus, chosen, [], lambda _: None
        )

    forth, back = hear([0, 4, 9]), hear([9, 4, 0])
    assert np.array_equal(forth.keywords, back.keywords[::-1])
    assert forth.keywords.shape == (3, 3)
    # `tiny_model` has no output for other words.
    assert (forth.other < -13).all()
    assert {clip.word for clip in (clips[0], clips[4], clips[9])} >= {"bird"}
    assert forth.truth.tolist() == [
        tiny_model.words.index(clips[index].word) if clips[index].word in tiny_model.words else 3
        for index in (0, 4, 9)
    ]
