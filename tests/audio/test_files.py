"""Recordings: every format, every rate, every cut; and what cannot be one."""

import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kws.audio.files import Recording, list_recordings, open_recording
from kws.errors import AudioFileError


def read(path: Path, **options: int) -> np.ndarray:
    with open_recording(path, **options) as recording:
        return np.concatenate(list(recording))


def wav_header(data_bytes: int, rate: int = 16000, channels: int = 1) -> bytes:
    """A header for 16 bit samples that promises `data_bytes` of them."""
    frame = 2 * channels
    fields = (16, 1, channels, rate, rate * frame % 2**32, frame % 2**16, 16)
    riff = struct.pack("<4sI4s", b"RIFF", min(36 + data_bytes, 0xFFFFFFFF), b"WAVE")
    return riff + struct.pack("<4sIHHIIHH4sI", b"fmt ", *fields, b"data", data_bytes)


@pytest.fixture
def sound(noise: np.ndarray) -> np.ndarray:
    """One second of noise (16000,), exact in 16 bits."""
    return np.round(noise[16000:32000] * 32767).astype(np.int16).astype(np.float32) / 32768


@pytest.fixture
def pcm(sound: np.ndarray) -> bytes:
    """The same as raw 16 bit samples."""
    return (sound * 32768).astype("<i2").tobytes()


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.w64", "a.caf"])
def test_lossless_formats_give_the_very_samples(
    tmp_path: Path, sound: np.ndarray, name: str
) -> None:
    soundfile.write(tmp_path / name, sound, 16000, subtype="PCM_16")
    np.testing.assert_array_equal(read(tmp_path / name), sound)


@pytest.mark.parametrize(
    ("name", "subtype"), [("a.ogg", "VORBIS"), ("a.ogg", "OPUS"), ("a.mp3", None)]
)
def test_lossy_formats_are_read(tmp_path: Path, name: str, subtype: str | None) -> None:
    seconds = np.arange(32000) / 16000
    tone = 0.3 * np.sin(2 * np.pi * 500 * seconds).astype(np.float32)
    soundfile.write(tmp_path / name, tone, 16000, subtype=subtype)
    samples = read(tmp_path / name)
    assert len(samples) == pytest.approx(32000, abs=2000)
    assert np.std(samples[4000:28000]) == pytest.approx(0.3 / np.sqrt(2), rel=0.1)


def test_float_samples_may_go_beyond_full_scale(tmp_path: Path, sound: np.ndarray) -> None:
    loud = sound * 7
    soundfile.write(tmp_path / "a.wav", loud, 16000, subtype="FLOAT")
    np.testing.assert_array_equal(read(tmp_path / "a.wav"), loud)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
def test_other_rates_are_brought_to_16_khz(tmp_path: Path, rate: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(3 * rate), rate)
    with open_recording(tmp_path / "a.wav") as recording:
        assert recording.rate == rate
        assert recording.duration == 3.0
        assert sum(len(block) for block in recording) == 48000
        assert recording.seconds == 3.0


def test_channels_are_mixed_or_chosen(tmp_path: Path, sound: np.ndarray) -> None:
    channels = np.stack((sound, -sound, 0.5 * sound), axis=1)
    soundfile.write(tmp_path / "a.wav", channels, 16000, subtype="FLOAT")
    np.testing.assert_allclose(read(tmp_path / "a.wav"), sound / 6, atol=1e-7)
    np.testing.assert_array_equal(read(tmp_path / "a.wav", channel=1), sound)
    np.testing.assert_array_equal(read(tmp_path / "a.wav", channel=3), 0.5 * sound)
    with pytest.raises(AudioFileError, match="no channel 4; the recording has 3"):
        open_recording(tmp_path / "a.wav", channel=4)


@given(
    block=st.integers(40, 30000),
    rate=st.sampled_from([11025, 16000, 48000]),
    channels=st.integers(1, 3),
    name=st.sampled_from(["a.wav", "a.flac", "a.ogg", "a.mp3"]),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_samples_do_not_depend_on_the_block_size(
    tmp_path: Path, block: int, rate: int, channels: int, name: str
) -> None:
    if name == "a.mp3":
        channels = min(channels, 2)
    path = tmp_path / f"{rate}-{channels}-{name}"
    if not path.exists():
        noise = np.random.default_rng(rate).standard_normal((rate, channels)) * 0.1
        soundfile.write(path, noise, rate)
    np.testing.assert_array_equal(read(path, block=block), read(path))


def test_a_block_stays_small_whatever_the_header_claims(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((20, 1024)), 768000)
    with open_recording(tmp_path / "a.wav") as recording:
        assert recording.block * recording.channels <= 1 << 18


def test_a_long_recording_takes_no_more_memory_than_a_block(tmp_path: Path) -> None:
    data_bytes = 3 * 60 * 48000 * 4
    with (tmp_path / "a.wav").open("wb") as file:
        file.write(wav_header(data_bytes, rate=48000, channels=2))
        file.truncate(file.tell() + data_bytes)
    with open_recording(tmp_path / "a.wav") as recording:
        tracemalloc.start()
        assert sum(len(block) for block in recording) == 3 * 60 * 16000
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1 << 20


def test_bad_samples_are_passed_on_and_counted(tmp_path: Path, sound: np.ndarray) -> None:
    sound[100:110] = np.nan
    sound[200] = np.inf
    soundfile.write(tmp_path / "a.wav", sound, 16000, subtype="FLOAT")
    with open_recording(tmp_path / "a.wav") as recording:
        samples = np.concatenate(list(recording))
        assert recording.nonfinite == 11
    np.testing.assert_array_equal(samples, sound)


def test_infinities_that_cancel_are_counted_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    channels = np.zeros((100, 2), np.float32)
    channels[7] = np.inf, -np.inf
    soundfile.write(tmp_path / "a.wav", channels, 16000, subtype="FLOAT")
    with open_recording(tmp_path / "a.wav") as recording:
        list(recording)
        assert recording.nonfinite == 1
    assert not recwarn.list


def test_a_header_of_unknown_length_is_no_fault(
    tmp_path: Path, sound: np.ndarray, pcm: bytes
) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(0xFFFFFFFF) + pcm)
    np.testing.assert_array_equal(read(tmp_path / "a.wav"), sound)


NO_RECORDING = {
    "empty": b"",
    "text": b"yes no up down\n" * 100,
    "random": np.random.default_rng(5).bytes(20000),
    "half a header": wav_header(32000)[:20],
    "zero rate": wav_header(32000, rate=0) + bytes(32000),
    "rate beyond sense": wav_header(32000, rate=2**31 - 1) + bytes(32000),
    "rate of 1 Hz": wav_header(32000, rate=1) + bytes(32000),
    "zero channels": wav_header(32000, channels=0) + bytes(32000),
    "65535 channels": wav_header(32000, channels=65535) + bytes(32000),
    "huge format chunk": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff" + bytes(1000),
    "huge list chunk": wav_header(0)[:36] + b"LIST\xff\xff\xff\xff" + bytes(1000),
    "huge FLAC metadata": b"fLaC\x84\xff\xff\xff" + bytes(1000),
    "no samples": wav_header(0),
}


@pytest.mark.parametrize("content", NO_RECORDING.values(), ids=NO_RECORDING.keys())
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_nothing_but_nan_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(16000, np.nan), 48000, subtype="FLOAT")
    with pytest.raises(AudioFileError, match="only NaN, infinite or huge"):
        read(tmp_path / "a.wav")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="No such file"):
        open_recording(tmp_path / "missing.wav")
    with pytest.raises(AudioFileError, match="is a folder"):
        open_recording(tmp_path)


def heard_before_failing(recording: Recording) -> tuple[int, str]:
    """Samples that came, and the error behind them."""
    count = 0
    with pytest.raises(AudioFileError) as caught:
        for block in recording:
            count += len(block)
    return count, str(caught.value)


def test_of_a_file_cut_short_the_rest_is_heard_then_it_is_refused(
    tmp_path: Path, pcm: bytes
) -> None:
    (tmp_path / "a.wav").write_bytes(wav_header(len(pcm)) + pcm[:20000])
    count, message = heard_before_failing(open_recording(tmp_path / "a.wav"))
    assert count == 10000
    assert "cut short after 0.6 s" in message


def test_a_flac_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, np.random.default_rng(3).uniform(-1, 1, 48000), 16000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    count, message = heard_before_failing(open_recording(path))
    assert 16000 <= count <= 32000
    assert "cut short" in message


def test_a_named_pipe_is_read_like_stdin(tmp_path: Path, pcm: bytes, sound: np.ndarray) -> None:
    reading_end, writing_end = os.pipe()
    os.write(writing_end, pcm)
    os.close(writing_end)
    np.testing.assert_array_equal(read(Path(f"/dev/fd/{reading_end}")), sound)
    os.close(reading_end)


def test_a_folder_stands_for_its_recordings_in_order(tmp_path: Path) -> None:
    names = ["b.wav", "a/z.FLAC", "a/y.opus", "c.mp3"]
    for name in [*names, "notes.txt", ".hidden.wav"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list_recordings(tmp_path) == sorted(str(tmp_path / name) for name in names)
    assert list_recordings(tmp_path / "b.wav") == [str(tmp_path / "b.wav")]
    assert list_recordings("-") == ["-"]


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(AudioFileError, match="a folder without recordings"):
        list_recordings(tmp_path)
