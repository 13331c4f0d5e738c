"""openWakeWord on ONNX: a network per phrase over a shared embedding; the arguments are phrases."""

from streaming import Listener, stream

THRESHOLD = 0.5


def open_listener(arguments: list[str]) -> Listener:
    """Without arguments all models that come along.  It asks ONNX for one thread by itself."""
    import numpy as np
    from openwakeword import Model

    model = Model(wakeword_models=arguments, inference_framework="onnx")

    def hear(chunk: bytes) -> list[str]:
        scores = model.predict(np.frombuffer(chunk, np.int16))
        return [phrase for phrase, score in scores.items() if score >= THRESHOLD]

    return Listener(chunk=1280, words=len(model.models), hear=hear)


stream(open_listener)
