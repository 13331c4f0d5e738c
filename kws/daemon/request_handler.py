"""Carries out what the control socket is asked."""

import os
from collections.abc import Callable
from typing import assert_never

from kws.audio.source import Source
from kws.config import save_threshold
from kws.daemon.inference import InferenceLoop
from kws.errors import KwsError
from kws.events.messages import now
from kws.events.requests import (
    Describe,
    Description,
    HandledRequest,
    KeywordStatus,
    Mute,
    Reload,
    Reloaded,
    Reply,
    Reset,
    ResetDone,
    SetThreshold,
    ThresholdSet,
    Unmute,
)


class RequestHandler:
    """Called by the socket thread; whatever touches the spotter is left to the inference thread.

    Attributes:
        overrides: thresholds that were set by request, which outlive a reload.  Replaced on the
            inference thread, between two chunks, and never edited.
    """

    def __init__(
        self, inference: InferenceLoop, source: Source, boot: str, reload: Callable[[], None]
    ) -> None:
        self.overrides: dict[str, float] = {}
        self._boot = boot
        self._inference = inference
        self._source = source
        self._reload = reload
        self._started = now()

    def __call__(self, request: HandledRequest) -> Reply:
        """Carry out `request`; raises `KwsError` when that cannot be."""
        match request:
            case Describe():
                return self._describe()
            case Mute(reason=reason, seconds=seconds):
                return self._inference.perform(lambda: self._inference.mute(reason, seconds))
            case Unmute(reason=withdrawn):
                return self._inference.perform(lambda: self._inference.unmute(withdrawn))
            case SetThreshold():
                return self._set_threshold(request)
            case Reload():
                self._reload()
                return Reloaded(model=self._inference.hearing.model, keywords=self._keywords())
            case Reset():
                return ResetDone(position=self._inference.perform(self._inference.reset))
            case _:
                assert_never(request)

    def _describe(self) -> Description:
        status = self._source.status
        return Description(
            version=_version(),
            boot=self._boot,
            pid=os.getpid(),
            started=self._started,
            source=self._source.name,
            device=status.device,
            device_rate=status.rate,
            clock=self._source.clock,
            model=self._inference.hearing.model,
            keywords=self._keywords(),
            labels=list(self._inference.hearing.spotter.model.spec.labels),
        )

    def _set_threshold(self, request: SetThreshold) -> ThresholdSet:
        word, value = request.keyword, request.threshold
        thresholds, overrides = self._inference.hearing.spotter.stream.thresholds, self.overrides
        self._put_in_force(word, value, {**overrides, word: value})
        saved = None
        if request.save:
            try:
                saved = str(save_threshold(word, value))
            except KwsError:
                # What is answered with an error must not stay in force.
                self._put_in_force(word, thresholds[word], overrides)
                raise
        return ThresholdSet(keyword=word, threshold=value, saved=saved)

    def _put_in_force(self, word: str, value: float, overrides: dict[str, float]) -> None:
        """Set a threshold and note it at once: a reload must not come in between and lose it."""

        def act() -> None:
            self._inference.hearing.spotter.stream.set_threshold(word, value)
            self.overrides = overrides

        self._inference.perform(act)

    def _keywords(self) -> list[KeywordStatus]:
        thresholds = self._inference.hearing.spotter.stream.thresholds
        return [KeywordStatus(word=word, threshold=thresholds[word]) for word in thresholds]


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # which takes a megabyte

    try:
        return version("kws")
    except PackageNotFoundError:  # removed or replaced under the running daemon
        return "unknown"
