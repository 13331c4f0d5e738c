"""What was heard lately: the part of the picture that can be frozen."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from kws.events.messages import DetectionEvent, HeartbeatEvent, PosteriorsEvent
from kws.monitor.history import History
from kws.monitor.level import LevelMeter
from kws.monitor.near_misses import NearMisses
from kws.samples import RATE
from kws.spotting.peaks import Peak

_HEARD = 100
_FLASH_SECONDS = 2.0
_CLIPPING_SECONDS = 5.0
_LONG_AGO = float("-inf")

Thresholds = Mapping[str, float | None]


class NearMiss(NamedTuple):
    """A score that rose and fell without a detection."""

    peak: Peak
    position: int
    """Sample at which the score was greatest."""
    time: datetime | None
    """When that was, UTC; None where no clock belongs to the audio."""
    boot: str
    """The start of the daemon in which it was."""


class Sound:
    """Scores, level, detections and near misses.

    Times named ``at`` are those of a clock in seconds that never goes back.

    Attributes:
        history: the scores of the last minute.
        level: the level meter.
        heard: the last detections and near misses, the oldest first.
        timed: whether a clock belongs to the audio.
    """

    def __init__(self) -> None:
        self.history = History()
        self.level = LevelMeter()
        self.heard: list[DetectionEvent | NearMiss] = []
        self.timed = True
        self._near_misses = NearMisses()
        self._fired_at: dict[str, float] = {}
        self._missed_at: dict[str, float] = {}
        self._clipped_at = _LONG_AGO

    def restart(self) -> None:
        """The daemon has been started anew: positions begin at 0 again."""
        self.history = History()
        self._near_misses = NearMisses()

    def add_row(self, event: PosteriorsEvent, thresholds: Thresholds, at: float) -> None:
        """Take the scores of a row and the level of its block."""
        self.level.add(event.level_dbfs, at)
        self.history.add(event.position, event.scores)
        peaks = self._near_misses.step(event.position, event.scores, thresholds)
        self._add_peaks(peaks, event.position, event, at)

    def advance(self, beat: HeartbeatEvent, thresholds: Thresholds, at: float) -> None:
        """The stream has come as far as the heartbeat says, whether it was listened to or not."""
        self.history.advance(beat.samples)
        peaks = self._near_misses.step(beat.samples, {}, thresholds)
        self._add_peaks(peaks, beat.samples, beat, at)

    def add_detection(self, event: DetectionEvent, at: float) -> None:
        """Take a detection; `at` is minus infinity for one that was before the monitor."""
        self._add(event)
        self.history.mark(event.fired, event.keyword)
        self._near_misses.fire(event.keyword, event.fired)
        self._fired_at[event.keyword] = at
        self.timed = event.time is not None

    def clip(self, at: float) -> None:
        """Clipping was reported."""
        self._clipped_at = at

    def listening(self, at: float) -> bool:
        """Whether scores arrive."""
        return self.level.level(at) is not None

    def just_fired(self, word: str, at: float) -> bool:
        """Whether `word` was detected within the last two seconds."""
        return at - self._fired_at.get(word, _LONG_AGO) < _FLASH_SECONDS

    def just_missed(self, word: str, at: float) -> bool:
        """Whether a near miss of `word` was found within the last two seconds."""
        return at - self._missed_at.get(word, _LONG_AGO) < _FLASH_SECONDS

    def clipping(self, at: float) -> bool:
        """Whether clipping was reported within the last seconds."""
        return at - self._clipped_at < _CLIPPING_SECONDS

    def _add_peaks(
        self,
        peaks: list[Peak],
        position: int,
        event: PosteriorsEvent | HeartbeatEvent,
        at: float,
    ) -> None:
        """Take near misses that were found when the stream had come to `position`, at `event`."""
        for peak in peaks:
            peaked = round(peak.seconds * RATE)
            ago = timedelta(seconds=(position - peaked) / RATE)
            time = event.sent - ago if self.timed else None
            self.history.mark_near(peaked, peak.word)
            self._missed_at[peak.word] = at
            self._add(NearMiss(peak, peaked, time, event.boot))

    def _add(self, new: DetectionEvent | NearMiss) -> None:
        # A near miss is known when it is over; a word may have fired meanwhile.
        place = len(self.heard)
        while place > 0 and _is_later(self.heard[place - 1], new):
            place -= 1
        self.heard.insert(place, new)
        del self.heard[:-_HEARD]


def _is_later(one: DetectionEvent | NearMiss, other: DetectionEvent | NearMiss) -> bool:
    """Whether `one` was later in the same start of the daemon."""
    return one.boot == other.boot and _position(one) > _position(other)


def _position(heard: DetectionEvent | NearMiss) -> int:
    return heard.fired if isinstance(heard, DetectionEvent) else heard.position
