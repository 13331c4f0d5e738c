"""What the keys ask of the daemon, and what becomes of the answers."""

from typing import assert_never

from kws.errors import KwsError, NoDaemonError
from kws.events.requests import (
    Describe,
    Description,
    Mute,
    Muting,
    ReplyBase,
    SetThreshold,
    ThresholdSet,
    Unmute,
)
from kws.monitor.desk import Answer, Desk
from kws.monitor.state import MonitorState

STEP = 0.01
"""What an arrow key changes a threshold by."""
STRIDE = 0.05
"""The same with shift."""
_LOWEST, _HIGHEST = 0.01, 0.99


class Controls:
    """Puts selection, answers and refusals into `state`; asks at `desk`.

    A threshold is in force when the daemon has said so, and not before.  Times named ``at`` are
    those of a clock in seconds that never goes back.
    """

    def __init__(self, state: MonitorState, desk: Desk) -> None:
        self._state = state
        self._desk = desk
        self._in_doubt = False

    def describe(self) -> None:
        """Ask for model and thresholds; without a control socket they come with the detections."""
        if self._desk.known:
            self._desk.ask(Describe())

    def toggle_mute(self, at: float) -> None:
        """Mute the daemon, or withdraw the reason ``user`` that `kws ctl mute` gives as well."""
        if self._reachable(at):
            self._desk.ask(Unmute() if self._state.state == "muted" else Mute())

    def select(self, by: int) -> None:
        """Select the next word (1) or the one before (-1); the first or last one if none is."""
        names = list(self._state.thresholds)
        if not names:
            return
        if self._state.selected is None:
            self._state.selected = names[0 if by > 0 else -1]
        else:
            index = names.index(self._state.selected) + by
            self._state.selected = names[index % len(names)]

    def deselect(self) -> None:
        """Select no word."""
        self._state.selected = None

    def change(self, by: float, at: float) -> None:
        """Ask for another threshold of the selected word."""
        chosen = self._chosen(at)
        if chosen is None:
            return
        word, before = chosen
        # From the value as it is shown, so that the figures go up in whole steps.
        after = round(min(max(round(before, 2) + by, _LOWEST), _HIGHEST), 2)
        if (after - before) * by <= 0:
            self._state.say(f"{word} {before:.2f} is as far as it goes", at)
            return
        self._state.say(f"{word} {after:.2f} asked for", at)
        self._state.asked[word] = after
        self._desk.ask(SetThreshold(keyword=word, threshold=after))

    def save(self, at: float) -> None:
        """Ask to keep the threshold of the selected word for later starts of the daemon."""
        chosen = self._chosen(at)
        if chosen is not None:
            word, threshold = chosen
            self._state.say(f"{word} {threshold:.2f} is being saved", at)
            self._desk.ask(SetThreshold(keyword=word, threshold=threshold, save=True))

    def take(self, answer: Answer, at: float) -> None:
        """Take what became of a request."""
        request, reply = answer
        match request:
            case Describe():
                self._take_description(reply, at)
            case Mute() | Unmute():
                self._take_muting(request, reply, at)
            case SetThreshold():
                self._take_threshold(request, reply, at)
            case _:
                assert_never(request)

    def _chosen(self, at: float) -> tuple[str, float] | None:
        """The selected word and its threshold, asked for or in force; if None, it was said why."""
        word = self._state.selected
        if word is None:
            self._state.say("select a word first, with the arrow keys up and down", at)
            return None
        threshold = self._state.asked.get(word, self._state.thresholds[word])
        if not self._reachable(at):
            return None
        if threshold is None:
            self._state.say(f"the threshold of {word} is not known yet", at)
            return None
        return word, threshold

    def _reachable(self, at: float) -> bool:
        if not self._desk.known:
            self._state.say("no control socket is known: name it with --control", at)
        return self._desk.known

    def _take_description(self, reply: ReplyBase | KwsError, at: float) -> None:
        if isinstance(reply, Description):
            self._state.describe(reply)
        elif not self._in_doubt:  # said once, or it would hide what the keys are answered
            self._state.say(f"the daemon does not tell its thresholds: {reply}", at)
        self._in_doubt = not isinstance(reply, Description)

    def _take_muting(self, request: Mute | Unmute, reply: ReplyBase | KwsError, at: float) -> None:
        if not isinstance(reply, Muting):
            self._state.say(str(reply), at)
        elif isinstance(request, Unmute) and reply.reasons:
            self._state.say(f"still muted for {', '.join(reply.reasons)}: kws ctl unmute --all", at)

    def _take_threshold(
        self, request: SetThreshold, reply: ReplyBase | KwsError, at: float
    ) -> None:
        word, asked = request.keyword, request.threshold
        if self._state.asked.get(word) == asked:
            del self._state.asked[word]
        if isinstance(reply, ThresholdSet):
            self._state.set_threshold(word, reply.threshold, saved=reply.saved is not None)
            kept = f"saved in {reply.saved}" if reply.saved else "in force: s saves it"
            self._state.say(f"{word} {reply.threshold:.2f} {kept}", at)
        elif isinstance(reply, NoDaemonError):
            self._state.say(f"{word} {asked:.2f} not answered: {reply}", at)
        elif request.save:
            self._state.say(f"{word} not saved: {reply}", at)
        else:
            in_force = self._state.thresholds.get(word)
            stays = "is not changed" if in_force is None else f"stays {in_force:.2f}"
            self._state.say(f"{word} {stays}: {reply}", at)
