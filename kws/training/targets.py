"""What the network is to answer at each moment, and what it may answer.

A row of posteriors is trained with a *set* of labels that are right at that moment; the loss is
``-log(sum of their posteriors)``.  The sets have codes:

| code | meaning | where |
|---|---|---|
| 0 .. K-1 | this label and no other | `_filler_` in gaps and noise; a word around its end |
| K + k | label k or anything but a keyword | from the middle of word k on, and after its window |
| 2 K | anything but a keyword | running speech, first half of a word, near-misses |

The window of a word reaches from 40 to 280 ms after its end: early enough for a quick answer, late
enough for "go" not to be taken for the start of "golden".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.spotting.feature_spec import FeatureSpec
from kws.spotting.row_clock import RowClock

FILLER = "_filler_"
OTHER = "_other_"

Codes = npt.NDArray[np.int16]

_WINDOW_FROM = 640
_WINDOW_TO = 4480
_ALLOWED_TO = 6400


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The outputs of a network: keywords first, then words and noises that compete with them."""

    keywords: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """All outputs in order."""
        return self.keywords + self.others

    @property
    def any_other(self) -> int:
        """The code of "anything but a keyword"."""
        return 2 * len(self.labels)

    def output_of(self, word: str) -> int:
        """The output that stands for a word; `_other_` for one that has none of its own."""
        labels = self.labels
        return labels.index(word) if word in labels else labels.index(OTHER)

    def allowed(self) -> npt.NDArray[np.float32]:
        """(2 K + 1, K) table: 1 where a label is right under a code, else 0."""
        count = len(self.labels)
        table = np.zeros((2 * count + 1, count), np.float32)
        table[:count] = np.eye(count)
        table[count : 2 * count] = np.eye(count)
        table[count:, len(self.keywords) :] = 1
        return table


def choose_labels(
    words: dict[str, int], keywords: Sequence[str], own_output: int = 200
) -> LabelSet:
    """Outputs for `words` (clips per word): keywords, frequent others, and two for the rest."""
    others = tuple(w for w in sorted(words) if w not in keywords and words[w] >= own_output)
    return LabelSet(tuple(keywords), (*others, OTHER, FILLER))


class TargetTape:
    """The codes of one tape, and which rows belong to which word's window."""

    def __init__(self, labels: LabelSet, rows: int, spec: FeatureSpec, block: int) -> None:
        self._labels = labels
        self._clock = RowClock.of(spec, block)
        self.codes: Codes = np.full(rows, labels.labels.index(FILLER), np.int16)
        self.windows: npt.NDArray[np.int16] = np.zeros(rows, np.int16)
        """0, or the number of the word (counted from 1) whose window the row lies in."""
        self.centres: list[int] = []
        """The middle of each word in samples, in the order of their numbers."""

    def row(self, sample: int) -> int:
        """The first row that is computed when `sample` samples have been heard."""
        return self._clock.row_at(sample)

    def free(self, start: int, end: int) -> None:
        """Anything but a keyword is right between two samples."""
        rows = slice(self.row(start), self.row(end))
        self.codes[rows] = self._labels.any_other
        self.windows[rows] = 0

    def word(self, word: str, start: int, end: int) -> None:
        """A word lies between two samples; a later word overrules an earlier one."""
        output = self._labels.output_of(word)
        allowed = len(self._labels.labels) + output
        self.free(start, (start + end) // 2)
        self.codes[self.row((start + end) // 2) : self.row(end + _ALLOWED_TO)] = allowed
        window = slice(self.row(end + _WINDOW_FROM), self.row(end + _WINDOW_TO))
        self.codes[window] = output
        self.windows[self.row((start + end) // 2) : self.row(end + _ALLOWED_TO)] = 0
        self.centres.append((start + end) // 2)
        self.windows[window] = len(self.centres)
