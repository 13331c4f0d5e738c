"""kws; the argument is the number of samples that it hears at a time."""

from streaming import Listener, stream


def open_listener(arguments: list[str]) -> Listener:
    """The model that comes along.  It uses one thread."""
    import numpy as np

    from kws import Spotter

    spotter = Spotter()

    def hear(chunk: bytes) -> list[str]:
        samples = np.frombuffer(chunk, np.int16).astype(np.float32) / 32768
        return [detection.keyword for detection in spotter.feed(samples)]

    return Listener(chunk=int(arguments[0]), words=len(spotter.stream.keywords), hear=hear)


stream(open_listener)
