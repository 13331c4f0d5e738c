"""A tiny corpus to train on, and a cache of its own."""

from pathlib import Path

import pytest

from tests.support.glides import WORDS, write_clip


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders of eight clips by eight speakers each."""
    folder = tmp_path_factory.mktemp("tiny")
    for number, word in enumerate(WORDS):
        for clip in range(8):
            write_clip(folder / word / f"voice{clip}_nohash_0.wav", word, 100 * number + clip)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoded audio goes to a folder that all tests of the session share, not to the user's."""
    base = tmp_path_factory.getbasetemp() / "kws-cache"
    monkeypatch.setenv("KWS_CACHE", str(base))
