import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kws.corpus.corpus import check_words, read_corpus
from kws.errors import DataError, OutputError
from tests.support.glides import WORDS, write_clip


def test_words_parts_and_samples(tiny_corpus: Path) -> None:
    corpus = read_corpus(tiny_corpus)
    assert {r.word for r in corpus.recordings} == set(WORDS)
    for recording in corpus.recordings:
        written, _ = soundfile.read(tiny_corpus / recording.name, dtype="int16")
        np.testing.assert_array_equal(corpus.samples(recording), written)
    check_words(corpus, list(WORDS))


def test_lists_decide_where_there_are_any(tmp_path: Path) -> None:
    for clip in range(3):
        write_clip(tmp_path / "rise" / f"voice{clip}_nohash_0.flac", "rise", clip)
    (tmp_path / "validation_list.txt").write_text("rise/voice0_nohash_0.wav\n")
    (tmp_path / "testing_list.txt").write_text("rise/voice2_nohash_0.wav\n")
    parts = {r.name: r.part for r in read_corpus(tmp_path).recordings}
    assert parts == {
        "rise/voice0_nohash_0.flac": "validation",
        "rise/voice1_nohash_0.flac": "training",
        "rise/voice2_nohash_0.flac": "testing",
    }


def test_any_rate_and_channels_come_out_at_16_khz(tmp_path: Path) -> None:
    time = np.arange(44100) / 44100
    tone = 0.5 * np.sin(2 * np.pi * 1000 * time)
    (tmp_path / "beep").mkdir()
    soundfile.write(tmp_path / "beep" / "a.wav", np.stack([tone, tone], 1), 44100)
    corpus = read_corpus(tmp_path)
    audio = corpus.audio(corpus.recordings[0])
    assert abs(len(audio) - 16000) <= 1
    spectrum = np.abs(np.fft.rfft(audio[:16000]))
    assert spectrum.argmax() == 1000


def test_corrupt_files_are_named_and_skipped(tmp_path: Path) -> None:
    write_clip(tmp_path / "rise" / "good.wav", "rise", 1)
    (tmp_path / "rise" / "bad.wav").write_bytes(b"RIFF this is no sound")
    (tmp_path / "rise" / "empty.wav").write_bytes(b"")
    corpus = read_corpus(tmp_path)
    assert [r.name for r in corpus.recordings] == ["rise/good.wav"]
    assert {Path(path).name for path in corpus.corrupt} == {"bad.wav", "empty.wav"}


def test_the_cache_follows_changes(tmp_path: Path) -> None:
    write_clip(tmp_path / "rise" / "a.wav", "rise", 1)
    before = read_corpus(tmp_path)
    write_clip(tmp_path / "rise" / "a.wav", "rise", 2, noise=5e-3)
    after = read_corpus(tmp_path)
    first, second = (c.samples(c.recordings[0]) for c in (before, after))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "holds no folders"),
        (lambda folder: (folder / "empty").mkdir(), "holds no recordings"),
    ],
)
def test_folders_that_cannot_serve(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=message):
        read_corpus(tmp_path)


def test_a_header_that_promises_too_much_costs_no_memory(tmp_path: Path) -> None:
    """36 bits of a FLAC file say how long it is, and a rate of 1 Hz makes much of little."""
    for name in ("rise/a.flac", "rise/b.wav"):
        write_clip(tmp_path / name, "rise", 1)
    promising = bytearray((tmp_path / "rise/a.flac").read_bytes())
    promising[21] |= 0x0F
    promising[22:26] = b"\xff" * 4
    (tmp_path / "rise/a.flac").write_bytes(promising)
    slow = bytearray((tmp_path / "rise/b.wav").read_bytes())
    slow[24:28] = (1).to_bytes(4, "little")
    (tmp_path / "rise/b.wav").write_bytes(slow)
    tracemalloc.start()
    corpus = read_corpus(tmp_path, cache=tmp_path / "cache")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32e6
    assert [recording.name for recording in corpus.recordings] == ["rise/a.flac"]
    assert "sample rate of 1 Hz" in corpus.corrupt[str(tmp_path / "rise/b.wav")]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        read_corpus(tmp_path / "nowhere")


def test_a_word_with_one_clip_is_refused(tmp_path: Path) -> None:
    write_clip(tmp_path / "rise" / "a.wav", "rise", 1)
    corpus = read_corpus(tmp_path)
    with pytest.raises(DataError, match="'rise' has 1 clips for training and 0 for validation"):
        check_words(corpus, ["rise"])
    with pytest.raises(DataError, match="no readable clip of 'fall'"):
        check_words(corpus, ["fall"])


def test_a_disk_too_small_is_said_first(
    tiny_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> object:
        return type("Usage", (), {"free": 1000})()

    monkeypatch.setattr("kws.corpus.decoding.shutil.disk_usage", full)
    with pytest.raises(OutputError, match="make room"):
        read_corpus(tiny_corpus, cache=tmp_path / "cache")


@pytest.mark.parametrize("suffix", [".npy", ".json"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_cache_is_made_anew(
    tiny_corpus: Path, tmp_path: Path, suffix: str, keep: float
) -> None:
    """As a full disk or a power cut leaves it."""
    whole = read_corpus(tiny_corpus, cache=tmp_path)
    expected = [whole.audio(recording) for recording in whole.recordings]
    for file in tmp_path.glob(f"*{suffix}"):
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])
    again = read_corpus(tiny_corpus, cache=tmp_path)
    for recording, audio in zip(again.recordings, expected, strict=True):
        np.testing.assert_array_equal(again.audio(recording), audio)
