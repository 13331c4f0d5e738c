"""A recording through the very chain that the daemon runs."""

import time
from collections.abc import Callable, Iterator

from kws.audio.files import Recording
from kws.errors import AudioFileError
from kws.samples import Samples
from kws.spotting.detection import Detection
from kws.spotting.spotter import Spotter
from kws.stretch import WHOLE, Stretch

_REACH_SECONDS = 3.0
"""A word that fires has begun less long ago: its bounds are sought in the last two seconds."""


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
