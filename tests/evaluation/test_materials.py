"""Which recordings are measured as what."""

from pathlib import Path

import pytest

from kws.errors import DataError
from kws.evaluation.materials import (
    NOISE,
    WITH_KEYWORDS,
    WITHOUT_KEYWORDS,
    Folders,
    read_material,
    shortened,
)

WORDS = ["yes", "no", "stop"]


def test_transcripts_tell_which_sentences_hold_a_keyword(
    corpus_folder: Path, talk_folder: Path, cache: Path
) -> None:
    material = read_material(Folders(corpus_folder, (talk_folder,)), "testing", WORDS, cache)
    assert list(material.quiet) == [WITHOUT_KEYWORDS, WITH_KEYWORDS, NOISE]
    speakers = {
        kind: {int(r.speaker.removeprefix("reader").removesuffix("x")) for r in recordings}
        for kind, recordings in material.quiet.items()
        if kind != NOISE
    }
    assert all(speaker % 3 == 0 for speaker in speakers[WITH_KEYWORDS])
    assert all(speaker % 3 for speaker in speakers[WITHOUT_KEYWORDS])
    assert material.remarks == []
    assert [recording.name for recording in material.noise] == ["running_tap.wav"]


def test_running_speech_is_taken_to_hold_keywords(
    corpus_folder: Path, talk_folder: Path, cache: Path
) -> None:
    folders = Folders(corpus_folder, running=(talk_folder,))
    material = read_material(folders, "testing", WORDS, cache)
    assert list(material.quiet) == [WITH_KEYWORDS, NOISE]
    assert any("without keywords" in remark for remark in material.remarks)


def test_words_without_clips_are_remarked_upon(corpus_folder: Path, cache: Path) -> None:
    material = read_material(Folders(corpus_folder), "testing", [*WORDS, "go"], cache)
    assert "No clip of go in this part." in material.remarks


def test_a_part_without_any_clip_of_the_words(corpus_folder: Path, cache: Path) -> None:
    with pytest.raises(DataError, match=r"testing part .* holds no clip of up, down"):
        read_material(Folders(corpus_folder), "testing", ["up", "down"], cache)


def test_two_folders_of_one_name(corpus_folder: Path, talk_folder: Path, cache: Path) -> None:
    with pytest.raises(DataError, match="two folders are called 'talk'"):
        read_material(Folders(corpus_folder, (talk_folder, talk_folder)), "testing", WORDS, cache)


def test_a_quick_look_takes_a_share_and_says_so(
    corpus_folder: Path, talk_folder: Path, cache: Path
) -> None:
    whole = read_material(Folders(corpus_folder, (talk_folder,)), "training", WORDS, cache)
    short = shortened(whole, clips=5, minutes=0.2, seed=1)
    assert len(short.clips) == 5
    # Sentences of 2 s: the sixth makes 0.2 minutes full.
    assert len(short.quiet[WITHOUT_KEYWORDS]) in (6, 7)
    assert set(short.quiet[WITHOUT_KEYWORDS]) < set(whole.quiet[WITHOUT_KEYWORDS])
    assert any("quick look" in remark for remark in short.remarks)
    assert shortened(whole, 5, 0.2, seed=1).clips == short.clips
