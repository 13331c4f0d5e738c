"""silero-vad: tells speech from the rest, and so knows no words."""

from streaming import Listener, stream


def open_listener(arguments: list[str]) -> Listener:
    """On ONNX, where it takes less than in TorchScript; it asks both for one thread by itself."""
    import torch
    from silero_vad import VADIterator, load_silero_vad

    iterator = VADIterator(load_silero_vad(onnx=True))

    def hear(chunk: bytes) -> list[str]:
        samples = torch.frombuffer(bytearray(chunk), dtype=torch.int16).float() / 32768
        event = iterator(samples)
        return ["speech"] if event and "start" in event else []

    return Listener(chunk=512, words=0, hear=hear)


stream(open_listener)
