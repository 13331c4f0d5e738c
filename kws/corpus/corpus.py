"""The recordings of a training or an evaluation: what each is, its part, and its samples."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from kws.corpus.decoding import SUFFIXES, Decoded, decode_folder
from kws.corpus.parts import Part, part_of_negative, parts_of_words, speaker_of
from kws.errors import DataError
from kws.samples import RATE

Kind = Literal["word", "speech", "noise"]
Progress = Callable[[int, int], None]

BACKGROUND_FOLDER = "_background_noise_"
_LISTS: dict[str, Part] = {"validation_list.txt": "validation", "testing_list.txt": "testing"}


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of a corpus."""

    name: str
    """Path below its folder, as in the original archive (`yes/0a7c2a8d_nohash_1.wav`)."""
    folder: str
    """Name of the folder that was given (`commands`, `librispeech` ...)."""
    kind: Kind
    word: str
    """The word of a clip, empty for speech and noise."""
    part: Part
    speaker: str
    source: int
    """Which of the corpus's decoded folders."""
    index: int
    """Which file of that folder."""


@dataclass(slots=True, eq=False)
class Corpus:
    """All recordings that could be read."""

    recordings: list[Recording]
    corrupt: dict[str, str]
    """Files that were skipped, by full path, and why."""
    _decoded: list[Decoded] = field(repr=False)

    def samples(self, recording: Recording) -> npt.NDArray[np.int16]:
        """(N,) samples at 16 kHz, a view of the cache on disk."""
        return self._decoded[recording.source][recording.index]

    def audio(self, recording: Recording) -> npt.NDArray[np.float32]:
        """(N,) samples at 16 kHz in [-1, 1], a copy."""
        return self.samples(recording).astype(np.float32) / np.float32(32768)

    def select(self, kind: Kind, part: Part, words: Sequence[str] | None = None) -> list[Recording]:
        """Recordings of a kind and a part, and of certain words if `words` is given."""
        return [
            recording
            for recording in self.recordings
            if recording.kind == kind
            and recording.part == part
            and (words is None or recording.word in words)
        ]

    def word_counts(self, part: Part) -> Counter[str]:
        """Clips per word in a part."""
        return Counter(r.word for r in self.recordings if r.kind == "word" and r.part == part)

    def seconds(self, kind: Kind, part: Part) -> float:
        """Length of all recordings of a kind and a part."""
        return sum(len(self.samples(r)) for r in self.select(kind, part)) / RATE


def read_corpus(
    data: Path,
    negatives: Sequence[Path] = (),
    noise: Sequence[Path] = (),
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Corpus:
    """Read a folder of words and any folders of speech without keywords and of noise.

    `data` holds one folder per word, in the layout of Speech Commands: `validation_list.txt` and
    `testing_list.txt` say the parts, and where they are missing the hash of the speaker does.  A
    folder `_background_noise_` holds noise.

    Raises:
        DataError: a folder is missing, unreadable or holds no recordings, or the words do not
            suffice for training (see `check_words`).
        OutputError: the cache cannot be written.
    """
    sources = [(data, _read_words(data))]
    if (data / BACKGROUND_FOLDER).is_dir():
        sources.append(_read_negatives(data / BACKGROUND_FOLDER, "noise"))
    sources += [_read_negatives(folder, "speech") for folder in negatives]
    sources += [_read_negatives(folder, "noise") for folder in noise]
    recordings: list[Recording] = []
    decoded: list[Decoded] = []
    corrupt: dict[str, str] = {}
    for source, (folder, entries) in enumerate(sources):
        names = [name for name, *_ in entries]
        decoded.append(decode_folder(folder, names, cache, progress))
        corrupt |= {str(folder / name): why for name, why in decoded[-1].corrupt.items()}
        recordings += [
            Recording(name, folder.name, kind, word, part, speaker_of(name), source, index)
            for index, (name, kind, word, part) in enumerate(entries)
            if name not in decoded[-1].corrupt
        ]
    return Corpus(recordings, corrupt, decoded)


def check_words(corpus: Corpus, keywords: Sequence[str]) -> None:
    """Raise `DataError` if a keyword lacks what training or the choice of a checkpoint needs."""
    training, validation = corpus.word_counts("training"), corpus.word_counts("validation")
    for word in keywords:
        total = training[word] + validation[word]
        if total == 0:
            raise DataError(f"there is no readable clip of {word!r}: record some or drop the word")
        if training[word] < 1 or validation[word] < 1:
            raise DataError(
                f"{word!r} has {training[word]} clips for training and {validation[word]} for "
                "validation, each needs one at least: record more clips"
            )


_Entry = tuple[str, Kind, str, Part]


def _read_words(data: Path) -> list[_Entry]:
    folders = [f for f in _list(data) if f.is_dir() and not f.name.startswith(("_", "."))]
    if not folders:
        raise DataError(f"{data} holds no folders: one folder of recordings per word is expected")
    listed = _read_lists(data)
    entries: list[_Entry] = []
    for folder in folders:
        names = [f"{folder.name}/{file.name}" for file in _recordings(folder)]
        if not names:
            raise DataError(f"{folder} holds no recordings: add some or remove the folder")
        if listed is None:
            parts = parts_of_words(names)
        else:
            parts = [listed.get(_without_suffix(name), "training") for name in names]
        entries += [
            (name, "word", folder.name, part) for name, part in zip(names, parts, strict=True)
        ]
    return entries


def _read_lists(data: Path) -> dict[str, Part] | None:
    """Part by name without suffix (the lists of an archive may say .wav for what is .flac here)."""
    if not all((data / name).is_file() for name in _LISTS):
        return None
    parts: dict[str, Part] = {}
    for name, part in _LISTS.items():
        try:
            lines = (data / name).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read the list {data / name}: {error}") from error
        parts |= {_without_suffix(line): part for line in lines}
    return parts


def _without_suffix(name: str) -> str:
    path = Path(name)
    return str(path.parent / path.stem)


def _read_negatives(folder: Path, kind: Kind) -> tuple[Path, list[_Entry]]:
    files = _recordings(folder, deep=True)
    if not files:
        raise DataError(f"{folder} holds no recordings ({', '.join(sorted(SUFFIXES))})")
    names = [str(file.relative_to(folder)) for file in files]
    return folder, [(name, kind, "", part_of_negative(folder.name, name)) for name in names]


def _recordings(folder: Path, deep: bool = False) -> list[Path]:
    files = [file for file in _list(folder) if file.suffix.lower() in SUFFIXES]
    if deep:
        for below in _list(folder):
            if below.is_dir():
                files += _recordings(below, deep=True)
    return sorted(files)


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"cannot read the folder {folder}: {error.strerror}") from error
