"""A recording through the very chain that the daemon runs."""

import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kws.audio.files import Recording
from kws.errors import AudioFileError
from kws.samples import Samples
from kws.spotting.detection import Detection
from kws.spotting.spotter import Spotter

_REACH_SECONDS = 3.0
"""A word that fires has begun less long ago: its bounds are sought in the last two seconds."""


class Stretch(NamedTuple):
    """From one time of a recording up to another, in seconds; all of it by default.

    The recording is heard from its beginning all the same: what a network makes of a word depends
    on what it heard before.
    """

    start: float = 0.0
    end: float = math.inf

    def holds(self, seconds: float) -> bool:
        """Whether a time lies in it."""
        return self.start <= seconds < self.end

    def holds_word(self, detection: Detection, rate: int) -> bool:
        """Whether the middle of a word does: of two adjoining stretches, one has the word."""
        return self.holds((detection.start + detection.end) / 2 / rate)


WHOLE = Stretch()


def replay(
    recording: Recording,
    spotter: Spotter,
    *,
    stretch: Stretch = WHOLE,
    realtime: bool = False,
    on_block: Callable[[Samples], None] | None = None,
) -> Iterator[Detection]:
    """Detections of a fresh `spotter` in `recording`, each as soon as it is made.

    Args:
        recording: read until all words of the stretch have fired, not closed.
        spotter: one that has heard nothing yet.
        stretch: what is wanted.  All before it is heard, too, as fast as possible, and a little
            behind it; detections there are given as well.
        realtime: wait with each block until as much time has passed as the stretch lasts up to
            its end; otherwise go as fast as possible.  The detections are the same.
        on_block: called with each block of samples (N,) before the spotter hears it.

    Raises:
        AudioFileError: as the recording does, once all that could be read has been heard; or it
            ends before the stretch begins.
    """
    rate = spotter.model.spec.features.sample_rate
    began = time.monotonic()
    failure = None
    try:
        for block in recording:
            if realtime:
                due = (spotter.stream.position + len(block)) / rate - stretch.start
                if due <= 0:
                    began = time.monotonic()
                time.sleep(max(0.0, began + due - time.monotonic()))
            if on_block is not None:
                on_block(block)
            yield from spotter.feed(block)
            if spotter.stream.position / rate > stretch.end + _REACH_SECONDS:
                return
    except AudioFileError as error:
        failure = error
    length = spotter.stream.position / rate
    heard_a_number = spotter.stream.position > spotter.stream.nonfinite
    if heard_a_number:
        yield from spotter.flush()
    if failure is not None:
        raise failure
    if stretch.start > 0 and length <= stretch.start:
        raise AudioFileError(
            f"{recording.path}: lasts {length:.1f} s, there is nothing from {stretch.start:g} s on"
        )
