"""Where a detected word began and ended, from the energy of the last two seconds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.audio.level import dbfs
from kws.features.mfcc import Frames
from kws.model.bundle import Model
from kws.model.spec import KeywordSettings

Array = npt.NDArray[np.floating]

_MEMORY_SECONDS = 2.0
_CONTRAST_DB = 6.0
"""A word that stands out less than this from its surroundings is placed by the model's rule."""
_EDGE = 0.2
"""An edge is where the energy falls to this share of the way from the floor to the peak."""
_PAUSE_SECONDS = 0.12
"""Longest quiet stretch inside a word: the closure of a stop consonant, as in "right"."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundsState:
    """The last frames seen.  A value: it is replaced, never edited."""

    recent: tuple[Frames, ...]
    """As they came, oldest first; together at least the memory, where there was as much."""
    count: int
    """Frames in all of them."""


class WordBounds:
    """Estimates start and end of a word that has just fired.

    The network fires some time after the word's end, and not always equally late, so the end is
    sought in the energy: the loudest frame near the usual place, and from there outwards to where
    the sound has died away.  c0 serves as energy, because a mean of logarithms is swayed less by
    hum and thumps than the power of the samples.  Where nothing stands out, as in loud noise, the
    usual distance (`end_offset`) and length (`duration`) from the model are taken.
    """

    def __init__(self, model: Model) -> None:
        spec = model.spec.features
        self._hop = spec.hop
        self._centre = spec.window // 2
        self._window = spec.window
        self._length = round(_MEMORY_SECONDS * spec.sample_rate / spec.hop)
        self._pause = round(_PAUSE_SECONDS * spec.sample_rate / spec.hop)
        # Normalised c0 back to the mean of the log mel energies, and from nepers to decibels.
        decibel = 10 / np.log(10) / np.sqrt(spec.mels)
        self._scale = model.matrices.deviation[0] * decibel
        self._shift = model.matrices.mean[0] * decibel
        self.reset()

    def reset(self) -> None:
        """Forget the stream."""
        self._state = BoundsState((), 0)

    def snapshot(self) -> BoundsState:
        """The state as a value."""
        return self._state

    def restore(self, state: BoundsState) -> None:
        """Go on from a `snapshot`."""
        self._state = state

    def push(self, frames: Frames) -> None:
        """Remember some frames."""
        added = len(frames.power)
        if added == 0:
            return
        recent, count = (*self._state.recent, frames), self._state.count + added
        while count - len(recent[0].power) >= self._length:
            count -= len(recent[0].power)
            recent = recent[1:]
        self._state = BoundsState(recent, count)

    def locate(self, keyword: KeywordSettings, fired: int) -> tuple[int, int]:
        """First sample of the word and first after it; the newest frame pushed ends at `fired`."""
        usual_end = min(fired - keyword.end_offset, fired)
        usual = (max(usual_end - keyword.duration, 0), max(usual_end, 0))
        energy = self._energy()
        first = max(0, self._frame_at(usual[0], fired))
        last = min(len(energy), self._frame_at(usual[1], fired) + self._pause)
        if first >= last:
            return usual
        peak = first + int(energy[first:last].argmax())
        # np.percentile would do, but loads numpy.ma: 30 ms and 1.5 MB at the first word.
        floor = float(np.partition(energy, len(energy) // 10)[len(energy) // 10])
        contrast = float(energy[peak]) - floor
        if contrast < _CONTRAST_DB:
            return usual
        loud = energy > floor + _EDGE * contrast
        end = self._edge(loud[peak:])
        start = self._edge(loud[: peak + 1][::-1])
        last_loud, first_loud = peak + end, peak - start
        begin = max(self._position_of(first_loud, fired), 0)
        if last_loud == len(energy) - 1:
            return min(begin, usual[0]), usual[1]
        return begin, self._position_of(last_loud, fired)

    def level_dbfs(self, start: int, end: int, fired: int) -> float:
        """Root mean square level between two positions, in dB below full scale."""
        power = np.concatenate([part.power for part in self._state.recent])[-self._frames :]
        first = max(0, self._frame_at(start, fired))
        span = power[first : max(first + 1, self._frame_at(end, fired) + 1)]
        mean = float(span.mean()) if len(span) else 0.0
        return dbfs(mean)

    @property
    def _frames(self) -> int:
        """Frames that are looked at."""
        return min(self._state.count, self._length)

    def _energy(self) -> Array:
        """(N,) mean log mel energy per frame in dB, oldest first."""
        c0 = np.concatenate([part.mfcc[:, 0] for part in self._state.recent])[-self._frames :]
        return c0.astype(np.float64) * self._scale + self._shift

    def _edge(self, loud: npt.NDArray[np.bool_]) -> int:
        """Index of the last loud frame before the first pause too long to be part of a word."""
        indices = np.flatnonzero(loud)
        breaks = np.flatnonzero(np.diff(indices) > self._pause)
        return int(indices[breaks[0]] if len(breaks) else indices[-1])

    def _frame_at(self, position: int, fired: int) -> int:
        """Index of the frame whose centre is nearest to `position`."""
        newest_centre = fired - self._window + self._centre
        return self._frames - 1 + round((position - newest_centre) / self._hop)

    def _position_of(self, frame: int, fired: int) -> int:
        """Sample at the centre of a frame."""
        newest_centre = fired - self._window + self._centre
        return newest_centre + (frame - self._frames + 1) * self._hop
