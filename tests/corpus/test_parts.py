import hashlib
import re

from hypothesis import given
from hypothesis import strategies as st

from kws.corpus.parts import part_of_negative, parts_of_words, speaker_of, which_set


def published_which_set(filename: str) -> str:
    """The function as printed in the README of Speech Commands v0.02, for 10 % and 10 %."""
    hash_name = re.sub(r"_nohash_.*$", "", filename.rsplit("/", 1)[-1])
    hashed = hashlib.sha1(hash_name.encode()).hexdigest()
    percentage = (int(hashed, 16) % (2**27 - 1 + 1)) * (100.0 / (2**27 - 1))
    return "validation" if percentage < 10 else "testing" if percentage < 20 else "training"


@given(st.text("0123456789abcdef", min_size=8, max_size=8), st.integers(0, 9))
def test_the_hash_rule_is_the_published_one(speaker: str, take: int) -> None:
    name = f"yes/{speaker}_nohash_{take}.wav"
    assert which_set(name) == published_which_set(name)
    assert which_set(name) == which_set(f"no/{speaker}_nohash_{take + 1}.wav")


def test_speakers_are_told_from_names() -> None:
    assert speaker_of("yes/0a7c2a8d_nohash_3.opus") == "0a7c2a8d"
    assert speaker_of("stop/anna-03.wav") == "anna"
    assert speaker_of("103-1240-0000.opus") == "103"
    assert speaker_of("17.wav") == "17"


def test_a_speaker_stays_in_one_part() -> None:
    names = [f"stop/voice{letter}_{take}.wav" for letter in "abcdefghij" for take in range(4)]
    parts = dict(zip(names, parts_of_words(names), strict=True))
    for letter in "abcdefghij":
        assert len({part for name, part in parts.items() if f"voice{letter}_" in name}) == 1


@given(st.integers(2, 40))
def test_every_word_has_clips_to_train_and_to_validate(count: int) -> None:
    parts = parts_of_words([f"stop/me_{take}.wav" for take in range(count)])
    assert "validation" in parts and "training" in parts


def test_whole_sets_are_held_out() -> None:
    assert part_of_negative("nathalie-nl", "nl_rhasspy_1.opus") == "validation"
    assert part_of_negative("kathleen-en", "arctic_a0001_1592748574.opus") == "testing"
    assert part_of_negative("librispeech", "19-198-0001.opus") == part_of_negative(
        "librispeech", "19-227-0009.opus"
    )
    assert part_of_negative("household", "326137860.10.opus") == part_of_negative(
        "household", "326137860.11.opus"
    )
