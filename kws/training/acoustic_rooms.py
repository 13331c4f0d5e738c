"""Simulated rooms: a bank of impulse responses, computed once by the image source method."""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kws.corpus.decoding import cache_folder
from kws.samples import RATE
from kws.writing import write_atomically

ROOMS = 120
_LENGTH = 6400
_SEED = 20180409

Responses = npt.NDArray[np.float32]


def room_responses(count: int = ROOMS, cache: Path | None = None) -> Responses:
    """(count, 6400) impulse responses at 16 kHz of energy 1, the direct sound at sample 0.

    Rooms of 2.5 to 9 m with reverberation times of 0.15 to 0.6 s, the speaker 0.4 to 5 m from the
    microphone.  Source: `pyroomacoustics.ShoeBox` (Allen and Berkley's image source method).
    """
    file = (cache or cache_folder()) / f"rooms-{count}.npy"
    if file.exists():
        cached: Responses = np.load(file)
        return cached
    rng = np.random.default_rng(_SEED)
    responses = np.stack([_room(rng) for _ in range(count)])
    content = io.BytesIO()
    np.save(content, responses)
    write_atomically(file, content.getvalue())
    return responses


def _room(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    import pyroomacoustics

    size = rng.uniform((2.5, 2.5, 2.2), (9.0, 7.0, 3.5))
    reverberation = rng.uniform(0.15, 0.6)
    # Sabine's formula, turned round; small hard rooms may ask for less than no absorption.
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    absorption = float(np.clip(0.161 * volume / (surface * reverberation), 0.08, 0.9))
    room = pyroomacoustics.ShoeBox(
        size,
        fs=RATE,
        materials=pyroomacoustics.Material(absorption),
        max_order=12,
    )
    microphone = rng.uniform((0.3, 0.3, 0.6), size - (0.3, 0.3, 0.6))
    direction = rng.normal(size=3) * (1, 1, 0.3)
    distance = rng.uniform(0.4, 5.0)
    source = microphone + direction / np.linalg.norm(direction) * distance
    room.add_source(np.clip(source, 0.2, size - 0.2))
    room.add_microphone(microphone)
    room.compute_rir()
    response = np.asarray(room.rir[0][0])
    response = response[int(np.argmax(np.abs(response) > 0.5 * np.abs(response).max())) :]
    response = np.pad(response, (0, _LENGTH))[:_LENGTH]
    energy = (response**2).sum()
    unit: npt.NDArray[np.float32] = (response / np.sqrt(energy)).astype(np.float32)
    return unit
