"""Fixtures: small corpora of synthetic words, and a cache of their own."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.corpus.corpus import Corpus, read_corpus
from tests.support import glides

RATE = 16000
WORDS = ("yes", "no", "stop", "bird")
WORD = slice(4000, 10000)
"""Where the word is in every clip."""


def burst(rng: np.random.Generator, pitch: float) -> np.ndarray:
    """A clip (16000,): a loud tone with noise from 0.25 to 0.625 s."""
    clip = rng.standard_normal(RATE) * 0.0005
    time = np.arange(WORD.stop - WORD.start) / RATE
    clip[WORD] += 0.3 * np.sin(2 * np.pi * pitch * time) + 0.05 * rng.standard_normal(len(time))
    return clip


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten clips of each word by ten speakers, lists that hold out two parts, and noise."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(5)
    lists: dict[str, list[str]] = {"validation_list.txt": [], "testing_list.txt": []}
    for number, word in enumerate(WORDS):
        (folder / word).mkdir()
        for speaker in range(10):
            name = f"{word}/speaker{speaker}_nohash_0.wav"
            soundfile.write(folder / name, burst(rng, 300 + 200 * number), RATE)
            if speaker >= 4:
                lists["validation_list.txt" if speaker < 7 else "testing_list.txt"].append(name)
    for file, names in lists.items():
        (folder / file).write_text("\n".join(names) + "\n")
    (folder / "_background_noise_").mkdir()
    for name in ("doing_the_dishes", "running_tap", "white_noise"):
        noise = rng.standard_normal(4 * RATE) * 0.02
        soundfile.write(folder / "_background_noise_" / f"{name}.wav", noise, RATE)
    return folder


@pytest.fixture(scope="session")
def talk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty sentences of sixty speakers; transcripts say that every third has a keyword."""
    folder = tmp_path_factory.mktemp("speech") / "talk"
    folder.mkdir()
    rng = np.random.default_rng(6)
    lines = []
    for speaker in range(60):
        name = f"reader{speaker}x_nohash_0.wav"
        soundfile.write(folder / name, np.tile(burst(rng, 250 + 10 * speaker), 2), RATE)
        lines.append(f"{name}\t{'Please STOP that.' if speaker % 3 == 0 else 'Nobody stops.'}")
    (folder / "transcripts.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where decoded audio is kept."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path, talk_folder: Path, cache: Path) -> Corpus:
    """Both folders, read."""
    return read_corpus(corpus_folder, [talk_folder], [], cache)


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders of eight clips by eight speakers each."""
    folder = tmp_path_factory.mktemp("tiny")
    for number, word in enumerate(glides.WORDS):
        for clip in range(8):
            glides.write_clip(
                folder / word / f"voice{clip}_nohash_0.wav", word, 100 * number + clip
            )
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded audio goes to a folder that all tests of the session share, not to the user's."""
    base = tmp_path_factory.getbasetemp() / "kws-cache"
    monkeypatch.setenv("KWS_CACHE", str(base))
