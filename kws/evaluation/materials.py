"""Which recordings are measured, and as what."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kws.corpus.corpus import Corpus, Progress, Recording, read_corpus
from kws.corpus.parts import Part
from kws.errors import DataError
from kws.samples import RATE

WITHOUT_KEYWORDS = "speech without keywords"
WITH_KEYWORDS = "running speech with keywords"
NOISE = "noise"
TRANSCRIPTS = "transcripts.tsv"


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the recordings are."""

    data: Path
    """Folders of words, in the layout of Speech Commands."""
    negatives: tuple[Path, ...] = ()
    """Speech without keywords; sentences that have some, by `transcripts.tsv`, are told apart."""
    running: tuple[Path, ...] = ()
    """Running speech that may contain keywords."""
    noise: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The recordings of one part."""

    corpus: Corpus
    sources: list[str]
    """Names of its folders."""
    part: Part
    clips: list[Recording]
    quiet: dict[str, list[Recording]]
    """Recordings in which nothing should fire, by what they are; no empty lists."""
    noise: list[Recording]
    """For mixing; may be empty."""
    remarks: list[str]
    """What the reader of a report must know."""


def read_material(
    folders: Folders,
    part: Part,
    words: Sequence[str],
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Material:
    """Read all folders and pick what belongs to `part`.

    Raises:
        DataError: a folder cannot serve, or the part holds no clip of any of `words`.
    """
    speech = (*folders.negatives, *folders.running)
    names = [folder.name for folder in (*speech, *folders.noise)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"two folders are called {name!r}: rename one, reports go by the name")
    corpus = read_corpus(folders.data, speech, folders.noise, cache, progress)
    clips = corpus.select("word", part)
    if not any(clip.word in words for clip in clips):
        raise DataError(
            f"the {part} part of {folders.data} holds no clip of {', '.join(words)}: "
            "add recordings, or name another model or --part"
        )
    quiet, noise = _quiet(corpus, folders, part, words), corpus.select("noise", part)
    if noise:
        quiet[NOISE] = noise
    remarks = _remarks(clips, quiet, words, corpus)
    return Material(corpus, [folders.data.name, *names], part, clips, quiet, noise, remarks)


def shortened(material: Material, clips: int, minutes: float, seed: int) -> Material:
    """A random share of the material, for a quick look."""
    rng = np.random.default_rng((seed, 9))

    def some(recordings: list[Recording]) -> list[Recording]:
        order = [recordings[index] for index in rng.permutation(len(recordings))]
        ends = np.cumsum([len(material.corpus.samples(recording)) for recording in order])
        return order[: int(np.searchsorted(ends, minutes * 60 * RATE)) + 1]

    chosen = sorted(rng.permutation(len(material.clips))[:clips])
    return Material(
        corpus=material.corpus,
        sources=material.sources,
        part=material.part,
        clips=[material.clips[index] for index in chosen],
        quiet={kind: some(recordings) for kind, recordings in material.quiet.items()},
        noise=material.noise,
        remarks=[*material.remarks, "A quick look: only a share of the recordings was used."],
    )


def _quiet(
    corpus: Corpus, folders: Folders, part: Part, words: Sequence[str]
) -> dict[str, list[Recording]]:
    """Speech of a part by whether keywords are said in it."""
    running = {folder.name for folder in folders.running}
    texts = {folder.name: _read_transcripts(folder) for folder in folders.negatives}
    quiet: dict[str, list[Recording]] = {}
    for recording in corpus.select("speech", part):
        said = texts.get(recording.folder, {}).get(Path(recording.name).stem, set())
        has_some = recording.folder in running or not said.isdisjoint(words)
        quiet.setdefault(WITH_KEYWORDS if has_some else WITHOUT_KEYWORDS, []).append(recording)
    return dict(sorted(quiet.items(), reverse=True))


def _read_transcripts(folder: Path) -> dict[str, set[str]]:
    """Words said in each recording, by its name without suffix."""
    path = folder / TRANSCRIPTS
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    pairs = (line.split("\t", 1) for line in lines if "\t" in line)
    return {Path(name).stem: set(re.findall(r"[\w']+", text.lower())) for name, text in pairs}


def _remarks(
    clips: list[Recording], quiet: dict[str, list[Recording]], words: Sequence[str], corpus: Corpus
) -> list[str]:
    remarks = []
    said = {clip.word for clip in clips}
    if absent := [word for word in words if word not in said]:
        remarks.append(f"No clip of {', '.join(absent)} in this part.")
    if NOISE not in quiet:
        remarks.append("No noise in this part: that of the noisy streams is synthetic (pink).")
    if WITHOUT_KEYWORDS not in quiet:
        remarks.append("No speech without keywords in this part: false alarms on it are unknown.")
    if corpus.corrupt:
        first = next(iter(corpus.corrupt))
        remarks.append(f"{len(corpus.corrupt)} recordings could not be read, {first} the first.")
    return remarks
