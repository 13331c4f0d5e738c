"""Which recordings train, which choose, which test: the same answer for the same names, always."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Literal

Part = Literal["training", "validation", "testing"]

_MOST_CLIPS = 2**27 - 1
_NOHASH = re.compile(r"_nohash_.*$")
_COUNTER = re.compile(r"[-_. ]*\d+$")

VALIDATION_PERCENT = 10.0
TESTING_PERCENT = 10.0

# Sets that hold one voice, or a voice per file, are kept whole: a speaker who trained must not
# choose the thresholds or be tested.  Names are those of the folders.
_WHOLE_FOLDERS: dict[str, Part] = {
    "nathalie-nl": "validation",
    "kathleen-en": "testing",
    "kerstin-de": "training",
    "not-wake-words": "training",
    "synthetic-en": "training",
}
_SHARES: dict[str, tuple[float, float]] = {
    "librispeech": (30.0, 0.0),
    "librispeech-dev-clean": (6.0, 94.0),
}
# Six long recordings of noise come with Speech Commands; a hash may well hold out none of them.
_BACKGROUND_NOISE: dict[str, Part] = {
    "doing_the_dishes": "validation",
    "running_tap": "testing",
}


def which_set(
    name: str,
    validation_percent: float = VALIDATION_PERCENT,
    testing_percent: float = TESTING_PERCENT,
) -> Part:
    """The part of a name by hash; the rule that Speech Commands' README gives as `which_set`.

    Everything from ``_nohash_`` on is ignored, so all clips of a speaker share a part, in this
    and in every later version of a data set.
    """
    base = _NOHASH.sub("", PurePath(name).name)
    digest = int(hashlib.sha1(base.encode(), usedforsecurity=False).hexdigest(), 16)
    percentage = (digest % (_MOST_CLIPS + 1)) * (100.0 / _MOST_CLIPS)
    if percentage < validation_percent:
        return "validation"
    if percentage < testing_percent + validation_percent:
        return "testing"
    return "training"


def speaker_of(name: str) -> str:
    """Who speaks, as far as a file name tells: what is in front of ``_nohash_`` or of a counter.

    ``0a7c2a8d_nohash_1.wav`` gives ``0a7c2a8d``, ``anna-03.wav`` gives ``anna``; LibriSpeech's
    ``speaker-chapter-utterance`` gives the speaker.
    """
    stem = PurePath(name).stem
    if "_nohash_" in stem:
        return _NOHASH.sub("", stem)
    if re.fullmatch(r"\d+-\d+-\d+", stem):
        return stem.split("-")[0]
    return _COUNTER.sub("", stem) or stem


def parts_of_words(names: Sequence[str]) -> list[Part]:
    """Parts for the clips of one word, where no list says them.

    By speaker, if the names tell at least five apart, else by file.  A word that the hash would
    leave without a validation clip lends the speaker (or file) that comes first by hash.
    """
    keys = [speaker_of(name) for name in names]
    if len(set(keys)) < 5:
        keys = [PurePath(name).stem for name in names]
    parts = {key: which_set(key) for key in keys}
    if len(parts) > 1:
        by_hash = sorted(parts, key=lambda key: hashlib.sha1(key.encode()).digest())
        if "validation" not in parts.values():
            parts[by_hash[0]] = "validation"
        if "training" not in parts.values():
            parts[by_hash[-1]] = "training"
    return [parts[key] for key in keys]


def part_of_negative(folder: str, name: str) -> Part:
    """The part of a recording without keywords, by its folder's name and its own."""
    stem = PurePath(name).stem
    if folder in _WHOLE_FOLDERS:
        return _WHOLE_FOLDERS[folder]
    if folder == "_background_noise_":
        return _BACKGROUND_NOISE.get(stem, "training")
    if folder in _SHARES:
        return which_set(speaker_of(name), *_SHARES[folder])
    # Pieces of one recording (`326137860.10`, `326137860.11`) belong together.
    return which_set(speaker_of(name))
