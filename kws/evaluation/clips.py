"""The classical test: each clip gets one label, a keyword, unknown or silence.

A spotter has no such output, so a rule makes one of its rows.  The clip is played to the shipped
spotter from fresh state, with the half second of silence that `flush` adds, and three kinds of
evidence compete, each the highest value that any row reached:

- for each keyword, the log-odds of its smoothed score;
- for unknown, the log-odds of the summed posteriors of the outputs for other words (all labels that
  are neither keywords nor in `SILENT`), smoothed like the first keyword, plus `unknown_bias`;
- for silence, the constant `silence_bias`: it wins where nothing else reached it.

The two biases are chosen for accuracy on the validation part, never on the part that is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kws.corpus.corpus import BACKGROUND_FOLDER, Corpus, Recording
from kws.corpus.mixing import Audio
from kws.errors import DataError
from kws.evaluation.intervals import bootstrap_mean, percentile_interval
from kws.evaluation.listeners import Listener, Progress
from kws.evaluation.results import ClipResult, ClipRule, WordScore
from kws.evaluation.traces import Trace
from kws.samples import RATE
from kws.spotting.redecision import smooth

UNKNOWN = "_unknown_"
SILENCE = "_silence_"
SILENT = frozenset({"_filler_", "_silence_", "_noise_"})
"""Outputs of a network that stand for nothing being said."""
SILENCE_SHARE = 0.1
"""Of the whole list."""
_CERTAIN = 1e-6
_BIASES = np.arange(-24, 25) / 4

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class ClipEvidence:
    """What a listener made of a list of clips."""

    keywords: Array
    """(clips, keywords) highest log-odds of each keyword."""
    other: Array
    """(clips,) highest log-odds of any other word."""
    truth: npt.NDArray[np.int64]
    """(clips,) index into keywords, then unknown, then silence."""


def hear_clips(
    listener: Listener,
    words: Sequence[str],
    labels: Sequence[str],
    corpus: Corpus,
    clips: Sequence[Recording],
    silence: Sequence[Audio],
    progress: Progress,
) -> ClipEvidence:
    """Play every clip, and every stretch of `silence`, from fresh state.

    Args:
        words: the keywords of the listener.
        labels: the outputs of its network.
    """
    others = [
        index for index, label in enumerate(labels) if label not in words and label not in SILENT
    ]
    keyword_evidence, other_evidence, truth = [], [], []
    for number in range(len(clips) + len(silence)):
        if number < len(clips):
            sound, said = corpus.audio(clips[number]), clips[number].word
            truth.append(words.index(said) if said in words else len(words))
        else:
            sound = silence[number - len(clips)]
            truth.append(len(words) + 1)
        trace = listener.listen(sound, progress)[0]
        keyword_evidence.append(_log_odds(trace.scores.max(axis=0, initial=0.0)))
        other_evidence.append(_other_evidence(trace, others))
    return ClipEvidence(
        np.array(keyword_evidence), np.array(other_evidence), np.array(truth, np.int64)
    )


def _other_evidence(trace: Trace, others: Sequence[int]) -> float:
    total = trace.posteriors[:, others].sum(axis=1, keepdims=True)
    smoothed = smooth(total, trace.keywords[0].smoothing)
    return float(_log_odds(smoothed.max(initial=0.0)))


def cut_silence(corpus: Corpus, noise: Sequence[Recording], clips: int, seed: int) -> list[Audio]:
    """Stretches of 1 s of noise, so many that they are `SILENCE_SHARE` of the list with `clips`.

    As in the original test they come from `_background_noise_`, which is known to hold no speech,
    and from other noise only where there is none of that.
    """
    rng = np.random.default_rng((seed, 7))
    noise = [one for one in noise if one.folder == BACKGROUND_FOLDER] or noise
    lengths = np.array([len(corpus.samples(recording)) for recording in noise])
    places = np.maximum(lengths - RATE, 0)
    if not places.any():
        return []
    count = round(clips * SILENCE_SHARE / (1 - SILENCE_SHARE))
    stretches = []
    for index in rng.choice(len(noise), size=count, p=places / places.sum()):
        start = int(rng.integers(places[index]))
        stretches.append(corpus.audio(noise[index])[start : start + RATE])
    return stretches


def choose_rule(evidence: ClipEvidence, part: str) -> ClipRule:
    """The biases with the highest accuracy on `evidence`, in the middle of the best if several."""
    accuracies = np.array(
        [
            [_accuracy(evidence, ClipRule(unknown, silence, part)) for silence in _BIASES]
            for unknown in _BIASES
        ]
    )
    best = np.argwhere(accuracies >= accuracies.max() - 1e-9)
    unknown, silence = best[len(best) // 2]
    return ClipRule(float(_BIASES[unknown]), float(_BIASES[silence]), part)


def decide(evidence: ClipEvidence, rule: ClipRule) -> npt.NDArray[np.int64]:
    """(clips,) the label of each clip by `rule`, as an index like `ClipEvidence.truth`."""
    silence = np.full(len(evidence.truth), rule.silence_bias)
    rivals = np.column_stack((evidence.keywords, evidence.other + rule.unknown_bias, silence))
    labels: npt.NDArray[np.int64] = np.argmax(rivals, axis=1)
    return labels


def score_clips(
    evidence: ClipEvidence, words: Sequence[str], rule: ClipRule, seed: int
) -> ClipResult:
    """Accuracy, confusion and a row per label.

    Raises:
        DataError: there is not one clip.
    """
    if not len(evidence.truth):
        raise DataError("there is no clip to measure in this part of the data")
    labels = [*words, UNKNOWN, SILENCE]
    decided = decide(evidence, rule)
    right = decided == evidence.truth
    spoken = evidence.truth != labels.index(SILENCE)
    low, high = percentile_interval(bootstrap_mean(right, np.random.default_rng((seed, 8))))
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(confusion, (evidence.truth, decided), 1)
    return ClipResult(
        accuracy=float(right.mean()),
        low=low,
        high=high,
        accuracy_without_silence=float(right[spoken].mean()),
        clips=len(right),
        silence=int((~spoken).sum()),
        labels=labels,
        confusion=confusion.tolist(),
        words=[
            WordScore(
                label=label,
                clips=int(confusion[index].sum()),
                precision=_share(confusion[index, index], confusion[:, index].sum()),
                recall=_share(confusion[index, index], confusion[index].sum()),
            )
            for index, label in enumerate(labels)
        ],
        rule=rule,
    )


def _accuracy(evidence: ClipEvidence, rule: ClipRule) -> float:
    return float((decide(evidence, rule) == evidence.truth).mean())


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _log_odds(probability: npt.ArrayLike) -> Array:
    inside = np.clip(np.asarray(probability, np.float64), _CERTAIN, 1 - _CERTAIN)
    return np.log(inside) - np.log1p(-inside)
