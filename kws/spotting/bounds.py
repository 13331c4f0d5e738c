"""Where a detected word began and ended, from the energy of the last two seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kws.samples import dbfs
from kws.spotting.mfcc import Frames
from kws.spotting.model import Model
from kws.spotting.model_spec import KeywordSettings

Array = npt.NDArray[np.floating]

_MEMORY_SECONDS = 2.0
_CONTRAST_DB = 6.0
"""A word that stands out less than this from its surroundings is placed by the model's rule."""
_EDGE = 0.2
"""An edge is where the energy falls to this share of the way from the floor to the peak."""
_PAUSE_SECONDS = 0.12
"""Longest quiet stretch inside a word: the closure of a stop consonant, as in "right"."""


class Fired(NamedTuple):
    """A word that fired within some frames."""

    keyword: KeywordSettings
    frames: int
    """How many of those frames had been heard by then."""
    position: int
    """The sample at which the last of them ends."""


class Bounds(NamedTuple):
    """Where a word lies, and how loud it is."""

    start: int
    """Its first sample."""
    end: int
    """The first sample after it."""
    level_dbfs: float
    """Root mean square level in between, in dB below full scale."""


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

    def initial_state(self) -> BoundsState:
        """The state before the first frame of a stream."""
        return BoundsState((), 0)

    def step(
        self, frames: Frames, fired: Sequence[Fired], state: BoundsState
    ) -> tuple[list[Bounds], BoundsState]:
        """Hear some frames, and say where the words lie that `fired` in them, in order."""
        if not fired:
            return [], self._remember(frames, state)
        found, heard = [], 0
        for keyword, upto, position in fired:
            state = self._remember(Frames(frames.mfcc[heard:upto], frames.power[heard:upto]), state)
            heard = upto
            start, end = self._locate(keyword, position, state)
            found.append(Bounds(start, end, self._level_dbfs(start, end, position, state)))
        return found, self._remember(Frames(frames.mfcc[heard:], frames.power[heard:]), state)

    def _remember(self, frames: Frames, state: BoundsState) -> BoundsState:
        added = len(frames.power)
        if added == 0:
            return state
        recent, count = (*state.recent, frames), state.count + added
        while count - len(recent[0].power) >= self._length:
            count -= len(recent[0].power)
            recent = recent[1:]
        return BoundsState(recent, count)

    def _locate(self, keyword: KeywordSettings, fired: int, state: BoundsState) -> tuple[int, int]:
        """First sample of the word and first after it; the newest frame ends at `fired`."""
        usual_end = min(fired - keyword.end_offset, fired)
        usual = (max(usual_end - keyword.duration, 0), max(usual_end, 0))
        energy = self._energy(state)
        first = max(0, self._frame_at(usual[0], fired, len(energy)))
        last = min(len(energy), self._frame_at(usual[1], fired, len(energy)) + self._pause)
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
        begin = max(self._position_of(first_loud, fired, len(energy)), 0)
        if last_loud == len(energy) - 1:
            return min(begin, usual[0]), usual[1]
        return begin, self._position_of(last_loud, fired, len(energy))

    def _level_dbfs(self, start: int, end: int, fired: int, state: BoundsState) -> float:
        power = np.concatenate([part.power for part in state.recent])[-self._length :]
        first = max(0, self._frame_at(start, fired, len(power)))
        span = power[first : max(first + 1, self._frame_at(end, fired, len(power)) + 1)]
        mean = float(span.mean()) if len(span) else 0.0
        return dbfs(mean)

    def _energy(self, state: BoundsState) -> Array:
        """(N,) mean log mel energy per frame in dB, oldest first."""
        c0 = np.concatenate([part.mfcc[:, 0] for part in state.recent])[-self._length :]
        energy: Array = c0.astype(np.float64) * self._scale + self._shift
        return energy

    def _edge(self, loud: npt.NDArray[np.bool_]) -> int:
        """Index of the last loud frame before the first pause too long to be part of a word."""
        indices = np.flatnonzero(loud)
        breaks = np.flatnonzero(np.diff(indices) > self._pause)
        return int(indices[breaks[0]] if len(breaks) else indices[-1])

    def _frame_at(self, position: int, fired: int, count: int) -> int:
        """Index of the frame whose centre is nearest to `position`."""
        newest_centre = fired - self._window + self._centre
        return count - 1 + round((position - newest_centre) / self._hop)

    def _position_of(self, frame: int, fired: int, count: int) -> int:
        """Sample at the centre of a frame."""
        newest_centre = fired - self._window + self._centre
        return newest_centre + (frame - count + 1) * self._hop
