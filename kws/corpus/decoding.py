"""Recordings decoded once, to 16-bit samples at 16 kHz in one array on disk."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import platformdirs
import soundfile
import soxr

from kws.audio.resample import HIGHEST_RATE, LOWEST_RATE
from kws.audio.sound import SequentialSound
from kws.errors import DataError, OutputError
from kws.samples import RATE
from kws.writing import write_atomically

SUFFIXES = frozenset({".wav", ".flac", ".opus", ".ogg", ".mp3"})

Samples = npt.NDArray[np.int16]

_LARGEST_BLOCK = 1 << 20
"""Values read at once, whatever length and channel count a header claims."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Recordings end to end in one array; file i is ``samples[offsets[i]:offsets[i + 1]]``."""

    samples: Samples
    offsets: npt.NDArray[np.int64]
    corrupt: dict[str, str]
    """Files that could not be read and why; they have no samples."""

    def __getitem__(self, index: int) -> Samples:
        return self.samples[self.offsets[index] : self.offsets[index + 1]]


class _Index(msgspec.Struct):
    offsets: list[int]
    corrupt: dict[str, str]


def cache_folder() -> Path:
    """Where decoded audio and simulated rooms are kept: the user's cache folder."""
    return Path(os.environ.get("KWS_CACHE") or platformdirs.user_cache_path("kws"))


def decode_folder(
    folder: Path,
    names: Sequence[str],
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Decoded:
    """Decode the files `names` below `folder`, or take them from the cache.

    The cache is keyed by name, size and time of change of every file.  Files of any rate and any
    number of channels are accepted; channels are averaged.

    Raises:
        DataError: the folder or a file may not be read by this user.
        OutputError: the cache cannot be written, or the disk is too small for it.
    """
    cache = cache or cache_folder()
    key = _key(folder, names)
    array_file, index_file = cache / f"{key}.npy", cache / f"{key}.json"
    decoded = _from_cache(array_file, index_file, len(names))
    if decoded is None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            _check_space(folder, names, cache)
            _decode_all(folder, names, array_file, index_file, progress)
        except OSError as error:
            raise OutputError(f"cannot write decoded audio to {cache}: {error.strerror}") from error
        decoded = _from_cache(array_file, index_file, len(names))
    if decoded is None:
        raise OutputError(f"{array_file} changes while it is read: point KWS_CACHE elsewhere")
    return decoded


def _from_cache(array_file: Path, index_file: Path, files: int) -> Decoded | None:
    """What was decoded before; None if there is nothing, or it is not whole any more."""
    try:
        index = msgspec.json.decode(index_file.read_bytes(), type=_Index)
        samples = np.load(array_file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, msgspec.DecodeError):
        return None
    offsets = np.array(index.offsets, np.int64)
    whole = (
        samples.dtype == np.int16
        and len(offsets) == files + 1
        and offsets[-1] == len(samples)
        and bool((np.diff(offsets) >= 0).all())
    )
    return Decoded(samples, offsets, index.corrupt) if whole else None


def _key(folder: Path, names: Iterable[str]) -> str:
    digest = hashlib.sha256(str(folder.resolve()).encode())
    for name in names:
        try:
            status = (folder / name).stat()
        except OSError as error:
            raise DataError(f"cannot read {folder / name}: {error.strerror}") from error
        digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:24]


def _check_space(folder: Path, names: Sequence[str], cache: Path) -> None:
    # Opus at 24 kbit/s grows tenfold, which is the most that is met in practice.
    total = sum(
        (folder / name).stat().st_size * (10 if name.endswith((".opus", ".ogg", ".mp3")) else 2)
        for name in names
    )
    free = shutil.disk_usage(cache).free
    if free < total:
        raise OutputError(
            f"decoded audio of {folder} may take {total >> 20} MiB and {cache} has "
            f"{free >> 20} MiB free: make room or point KWS_CACHE elsewhere"
        )


def _decode_all(
    folder: Path,
    names: Sequence[str],
    array_file: Path,
    index_file: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    pieces: list[Samples] = []
    corrupt: dict[str, str] = {}
    with ThreadPoolExecutor() as pool:
        results = pool.map(lambda name: _decode(folder / name), names)
        for done, (name, result) in enumerate(zip(names, results, strict=True), 1):
            if isinstance(result, str):
                corrupt[name] = result
                result = np.zeros(0, np.int16)
            pieces.append(result)
            if progress:
                progress(done, len(names))
    offsets = np.concatenate(([0], np.cumsum([len(piece) for piece in pieces])))
    descriptor, temporary = tempfile.mkstemp(dir=array_file.parent, suffix=".npy")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.save(file, np.concatenate([*pieces, np.zeros(0, np.int16)]))
        write_atomically(index_file, msgspec.json.encode(_Index(offsets.tolist(), corrupt)))
        Path(temporary).replace(array_file)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _decode(path: Path) -> Samples | str:
    """Samples of one file, or why there are none."""
    try:
        with SequentialSound(path) as sound:
            rate = sound.samplerate
            if not LOWEST_RATE <= rate <= HIGHEST_RATE:
                return f"a sample rate of {rate} Hz, beyond {LOWEST_RATE} to {HIGHEST_RATE} Hz"
            mono = np.concatenate([np.zeros(0, np.float32), *_blocks(sound)])
    except (soundfile.LibsndfileError, OSError) as error:
        return str(error)
    if not np.isfinite(mono).all():
        return "the file holds values that are not finite"
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE, quality="HQ")
    if not len(mono):
        return "the file holds no samples"
    samples: Samples = np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)
    return samples


def _blocks(sound: SequentialSound) -> Iterator[npt.NDArray[np.float32]]:
    """A file as mono blocks, for a damaged header may promise more than memory holds."""
    size = max(1, _LARGEST_BLOCK // sound.channels)
    while len(block := sound.read_block(size)):
        yield block.mean(axis=1)
