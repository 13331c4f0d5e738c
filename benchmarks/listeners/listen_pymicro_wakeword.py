"""pymicro-wakeword: one int8 network per word over a shared front end; the argument is how many."""

from streaming import Listener, stream


def open_listener(arguments: list[str]) -> Listener:
    """All interpreters are TensorFlow Lite's with their default of one thread."""
    from pymicro_wakeword import (
        MicroWakeWord,
        MicroWakeWordFeatures,
        Model,
    )

    models = [MicroWakeWord.from_builtin(model) for model in list(Model)[: int(arguments[0])]]
    front_end = MicroWakeWordFeatures()

    def hear(chunk: bytes) -> list[str]:
        return [
            model.wake_word
            for features in front_end.process_streaming(chunk)
            for model in models
            if model.process_streaming(features)
        ]

    return Listener(chunk=160, words=len(models), hear=hear)


stream(open_listener)
