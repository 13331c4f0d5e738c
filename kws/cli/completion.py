"""What the shell offers when TAB is pressed behind an option.

Each function takes the text typed so far and gives texts that begin with it, or nothing: the shell
then falls back on file names.  None may fail or print, since that would garble the prompt.
"""

from collections.abc import Iterable

from kws.errors import ModelError


def complete_model(typed: str) -> list[str]:
    """Names of installed models."""
    from kws.spotting.model import installed_models

    return _matching(typed, (folder.name for folder in installed_models()))


def complete_words(typed: str) -> list[str]:
    """A list with commas whose last word is one of the default model and not in the list yet."""
    done, comma, last = typed.rpartition(",")
    rest = [word for word in _words() if word not in done.split(",")]
    return [done + comma + word for word in _matching(last, rest)]


def complete_threshold(typed: str) -> list[str]:
    """``WORD=`` for the words of the default model; the number is left to the user."""
    return _matching(typed, (f"{word}=" for word in _words()))


def complete_topic(typed: str) -> list[str]:
    """Topics of events, with those of single words."""
    from kws.events import topics

    kinds = [topics.DETECTION, topics.STATE, topics.HEARTBEAT, topics.POSTERIORS, topics.ERROR]
    return _matching(typed, [*kinds, *map(topics.detection_topic, _words())])


def complete_preset(typed: str) -> list[str]:
    """Recipes of the training."""
    try:
        from kws.training.recipe import PRESETS
    except ModuleNotFoundError:  # the extra is not installed, and training not to be had
        return []
    return _matching(typed, PRESETS)


def _words() -> list[str]:
    from kws.spotting.model import load_model

    try:
        return load_model().words
    except ModelError:
        return []


def _matching(typed: str, texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.startswith(typed)]
