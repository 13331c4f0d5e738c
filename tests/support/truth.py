"""What is really spoken in `examples/recording`, and how detections compare with it."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RATE = 16000
_LATEST = round(0.75 * RATE)
"""Samples after the end of a clip within which its word may still be reported."""


@dataclass(frozen=True)
class SpokenWord:
    """One line of the truth file; positions are samples."""

    word: str
    keyword: bool
    start: int
    end: int
    clip_start: int
    clip_end: int


@dataclass
class Comparison:
    """Detections, as `kws replay --json` gives them, sorted into hits and false alarms."""

    hits: list[tuple[SpokenWord, Mapping[str, Any]]]
    missed: list[SpokenWord]
    false_alarms: list[Mapping[str, Any]]

    @property
    def found(self) -> float:
        """Share of the keywords that were found."""
        return len(self.hits) / (len(self.hits) + len(self.missed))


def read_truth(path: Path) -> list[SpokenWord]:
    """Read a truth file (tab separated, see `examples/recording/README.md`)."""
    with path.open(newline="") as file:
        return [
            SpokenWord(
                word=row["word"],
                keyword=row["keyword"] == "yes",
                start=int(row["start"]),
                end=int(row["end"]),
                clip_start=int(row["clip_start"]),
                clip_end=int(row["clip_end"]),
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


def compare(truth: Iterable[SpokenWord], detections: Iterable[Mapping[str, Any]]) -> Comparison:
    """A hit is the first detection of a keyword that fires between the start of its clip and 0.75 s
    after the clip's end; everything else is a false alarm.

    Where two clips of one word could claim a detection, the later has it.
    """
    missed = [word for word in truth if word.keyword]
    hits, false_alarms = [], []
    for detection in sorted(detections, key=lambda each: each["fired"]):
        claimants = [
            word
            for word in missed
            if word.word == detection["keyword"]
            and word.clip_start <= detection["fired"] <= word.clip_end + _LATEST
        ]
        if claimants:
            hits.append((claimants[-1], detection))
            missed.remove(claimants[-1])
        else:
            false_alarms.append(detection)
    return Comparison(hits, missed, false_alarms)
