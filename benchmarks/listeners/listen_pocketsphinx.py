"""pocketsphinx spotting keywords; the arguments are a threshold for all words, and the words."""

import tempfile

from streaming import Listener, stream


def open_listener(arguments: list[str]) -> Listener:
    """Phonemes by the model for American English that comes along.  It uses one thread."""
    from pocketsphinx import Decoder

    threshold, *words = arguments
    with tempfile.NamedTemporaryFile("w", suffix=".list") as keywords:
        keywords.writelines(f"{word} /{threshold}/\n" for word in words)
        keywords.flush()
        decoder = Decoder(kws=keywords.name, loglevel="FATAL")
    decoder.start_utt()

    def hear(chunk: bytes) -> list[str]:
        decoder.process_raw(chunk)
        if decoder.hyp() is None:
            return []
        found = [segment.word.strip() for segment in decoder.seg()]
        decoder.end_utt()
        decoder.start_utt()
        return found

    return Listener(chunk=512, words=len(words), hear=hear)


stream(open_listener)
