"""Build the recording of `examples/recording`: a few minutes of real commands with a truth file.

    python -m scripts.make_recording SPEECH_COMMANDS --out examples/recording

Clips of the testing list (speakers that no model was trained on) are laid out in random order with
natural gaps of 0.3 to 2 s, each faded in and out, over faint room noise.  A clip is taken when one
can hear it well: it is a whole second, the word stands out from the clip's own noise, is neither
at an edge nor clipped.  No model has a say in the choice.  The same seed gives the same recording.
"""

import argparse
import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from kws.corpus.word_bounds import WordSpan, word_bounds

RATE = 16000
KEYWORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
OF_EACH_KEYWORD = (7, 6)
"""Clips of every first and every second keyword."""
OTHER_WORDS = 32
OF_EACH_OTHER = 3
"""At most; five, zero, eight and one have far more clips than the rest."""
GAPS = (0.3, 2.0)
RAMPS = (0.02, 0.05)
NOISE_FILE = "_background_noise_/pink_noise.opus"
NOISE_DBFS = -62.0
NOISE_SPLICE = 1.0

EDGE = 0.05
WORD_SECONDS = (0.15, 0.8)
LEAST_PEAK = 0.08
LEAST_CONTRAST_DB = 20.0

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that can be heard well."""

    name: str
    word: str
    speaker: str
    samples: Samples
    bounds: WordSpan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of Google Speech Commands")
    parser.add_argument("--out", type=Path, default=Path("examples/recording"))
    parser.add_argument("--seed", type=int, default=2018)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    clips = choose(arguments.data, rng)
    recording, rows = lay_out(clips, rng)
    recording += room_noise(arguments.data / NOISE_FILE, len(recording))
    arguments.out.mkdir(parents=True, exist_ok=True)
    soundfile.write(
        arguments.out / "commands.flac", recording, RATE, subtype="PCM_16", compression_level=1.0
    )
    with (arguments.out / "commands.tsv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    keywords = sum(row["keyword"] == "yes" for row in rows)
    print(f"{len(recording) / RATE:.1f} s, {keywords} keywords, {len(rows) - keywords} other words")


def choose(data: Path, rng: np.random.Generator) -> list[Clip]:
    """Clips in random order; of one word every speaker comes at most once."""
    pools = defaultdict(list)
    for name in sorted((data / "testing_list.txt").read_text().split()):
        word = name.split("/")[0]
        pools[word if word in KEYWORDS else "other"].append(name)
    counts = {word: OF_EACH_KEYWORD[i % 2] for i, word in enumerate(KEYWORDS)}
    counts["other"] = OTHER_WORDS
    chosen: list[Clip] = []
    for group, count in counts.items():
        most = OF_EACH_OTHER if group == "other" else count
        taken: dict[tuple[str, str], Clip] = {}
        per_word: Counter[str] = Counter()
        for name in rng.permutation(pools[group]):
            clip = read(data, str(name))
            key = clip.word, clip.speaker
            if key not in taken and per_word[clip.word] < most and is_clear(clip):
                taken[key] = clip
                per_word[clip.word] += 1
            if len(taken) == count:
                break
        chosen += taken.values()
    return [chosen[i] for i in rng.permutation(len(chosen))]


def read(data: Path, name: str) -> Clip:
    """Read one clip of the data set, `name` as in its lists."""
    samples, _ = soundfile.read(data / name, dtype="int16")
    word, file = name.split("/")
    speaker = file.split("_")[0]
    return Clip(name, word, speaker, samples.astype(np.float32) / 32768, word_bounds(samples))


def is_clear(clip: Clip) -> bool:
    """Whether a listener would have no trouble with the clip, as far as levels tell."""
    start, end = clip.bounds.start, clip.bounds.end
    edge = EDGE * RATE
    peak = float(np.abs(clip.samples).max())
    outside = np.concatenate((clip.samples[:start], clip.samples[end:]))
    return (
        len(clip.samples) == RATE
        and not clip.bounds.cut_off
        and start >= edge
        and len(clip.samples) - end >= edge
        and WORD_SECONDS[0] <= (end - start) / RATE <= WORD_SECONDS[1]
        and LEAST_PEAK <= peak < 0.999
        and _decibels(clip.samples[start:end]) - _decibels(outside) >= LEAST_CONTRAST_DB
    )


def lay_out(clips: list[Clip], rng: np.random.Generator) -> tuple[Samples, list[dict[str, object]]]:
    """Set clips one behind another; gives the samples and the rows of the truth file."""
    position = RATE
    placed: list[tuple[int, Samples]] = []
    rows: list[dict[str, object]] = []
    for clip in clips:
        ramp = round(rng.uniform(*RAMPS) * RATE)
        fade = np.ones(len(clip.samples), np.float32)
        fade[:ramp] = 0.5 - 0.5 * np.cos(np.pi * np.arange(ramp) / ramp)
        fade[-ramp:] = fade[:ramp][::-1]
        placed.append((position, clip.samples * fade))
        rows.append(
            {
                "start": position + clip.bounds.start,
                "end": position + clip.bounds.end,
                "clip_start": position,
                "clip_end": position + len(clip.samples),
                "word": clip.word,
                "keyword": "yes" if clip.word in KEYWORDS else "no",
                "clip": clip.name,
            }
        )
        position += len(clip.samples) + round(rng.uniform(*GAPS) * RATE)
    recording = np.zeros(position, np.float32)
    for start, samples in placed:
        recording[start : start + len(samples)] += samples
    return recording, rows


def room_noise(path: Path, length: int) -> Samples:
    """Noise (length,) at `NOISE_DBFS`: the file over and over, cross-faded."""
    noise: Samples = soundfile.read(path, dtype="float32")[0]
    noise = noise * 10 ** ((NOISE_DBFS - _decibels(noise)) / 20)
    overlap = round(NOISE_SPLICE * RATE)
    rise = np.sqrt(np.linspace(0, 1, overlap, dtype=np.float32))
    result = noise
    while len(result) < length:
        splice = result[-overlap:] * rise[::-1] + noise[:overlap] * rise
        result = np.concatenate((result[:-overlap], splice, noise[overlap:]))
    return result[:length]


def _decibels(samples: Samples) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


if __name__ == "__main__":
    main()
