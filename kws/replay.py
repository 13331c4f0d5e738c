"""A recording through the very chain that the daemon runs."""

import time
from collections.abc import Callable, Iterator

from kws.audio.files import Recording
from kws.audio.resample import Samples
from kws.detect.detection import Detection
from kws.errors import AudioFileError
from kws.spotter import Spotter


def replay(
    recording: Recording,
    spotter: Spotter,
    *,
    realtime: bool = False,
    on_block: Callable[[Samples], None] | None = None,
) -> Iterator[Detection]:
    """Detections of a fresh `spotter` in `recording`, each as soon as it is made.

    Args:
        recording: read to its end, not closed.
        spotter: one that has heard nothing yet.
        realtime: wait with each block until as much time has passed as the recording lasts up to
            its end; otherwise go as fast as possible.  The detections are the same.
        on_block: called with each block of samples (N,) before the spotter hears it.

    Raises:
        AudioFileError: as the recording does, once all that could be read has been heard.
    """
    rate = spotter.model.spec.features.sample_rate
    began = time.monotonic()
    failure = None
    try:
        for block in recording:
            if realtime:
                heard_up_to = (spotter.position + len(block)) / rate
                time.sleep(max(0.0, began + heard_up_to - time.monotonic()))
            if on_block is not None:
                on_block(block)
            yield from spotter.feed(block)
    except AudioFileError as error:
        failure = error
    heard_a_number = spotter.position > spotter.nonfinite
    if heard_a_number:
        yield from spotter.flush()
    if failure is not None:
        raise failure
