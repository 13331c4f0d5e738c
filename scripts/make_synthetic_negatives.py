"""Speak English with flite and espeak-ng, as speech without keywords to train on.

    pip install pocketsphinx
    python -m scripts.make_synthetic_negatives synthetic-en/
    kws train ... --negatives synthetic-en/

Needs both programs (Debian: flite espeak-ng).  Two thirds of the texts are sentences of Python's
own documentation.  The rest are lists of words that are one sound away from a keyword by the CMU
pronouncing dictionary, which comes with pocketsphinx: *yell*, *note*, *cup*, *town*, *loft* ...
The same versions give the same texts.
"""

import argparse
import random
import re
import subprocess
from pathlib import Path
from pydoc_data.topics import topics

import pocketsphinx

from kws.corpus.speech_commands import OFFICIAL_KEYWORDS

FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp")
ESPEAK_VARIANTS = ("", "+m3", "+m5", "+f2", "+f4", "+f1")
DICTIONARY = Path(pocketsphinx.get_model_path(), "en-us", "cmudict-en-us.dict")
WORDS_OF_A_LIST = 5

Sounds = tuple[str, ...]


def texts(rng: random.Random, count: int) -> list[str]:
    """Sentences and lists of similar words, mixed."""
    whole = " ".join(topics[name] for name in sorted(topics))
    plain = re.sub(r"\s+", " ", re.sub(r'[*`"_|>~^=<{}\[\]()#\\/]', " ", whole))
    sentences = {text.strip() for text in re.findall(r"[A-Z][a-z' ,\-]{30,110}\.", plain)}
    chosen = sorted(text for text in sentences if text.count(" ") > 4)
    rng.shuffle(chosen)
    del chosen[count * 2 // 3 :]
    similar = similar_words()
    while len(chosen) < count:
        words = [rng.choice(similar[rng.choice(OFFICIAL_KEYWORDS)]) for _ in range(WORDS_OF_A_LIST)]
        chosen.append(", ".join(words) + ".")
    rng.shuffle(chosen)
    return chosen


def similar_words() -> dict[str, list[str]]:
    """Per keyword, the words that differ from it in one sound.

    No word that sounds like any keyword (*know*, *write*) or like its plural.
    """
    spoken: dict[str, list[Sounds]] = {}
    for line in DICTIONARY.read_text(encoding="utf-8").splitlines():
        word, *sounds = line.split()
        spoken.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(tuple(sounds))
    keywords = {word: spoken[word] for word in OFFICIAL_KEYWORDS}
    taken = {
        sounds + plural
        for ways in keywords.values()
        for sounds in ways
        for plural in ((), ("S",), ("Z",))
    }
    free = {
        word: ways for word, ways in spoken.items() if word.isalpha() and taken.isdisjoint(ways)
    }
    return {
        keyword: [
            word
            for word, said in free.items()
            if any(one_apart(way, key) for way in said for key in ways)
        ]
        for keyword, ways in keywords.items()
    }


def one_apart(first: Sounds, second: Sounds) -> bool:
    """Whether replacing, adding or dropping one sound makes `second` of `first`."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    same = 0
    while same < min(len(first), len(second)) and first[same] == second[same]:
        same += 1
    rest = first[same:], second[same:]
    return any(
        a == b
        for a, b in ((rest[0][1:], rest[1][1:]), (rest[0][1:], rest[1]), (rest[0], rest[1][1:]))
    )


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="gets one WAV file per text")
    parser.add_argument("--texts", type=int, default=1500, help="how many")
    arguments = parser.parse_args()
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    for number, text in enumerate(texts(rng, arguments.texts)):
        if number % 5 < 4:
            voice = FLITE_VOICES[number % 5]
            stretch = rng.choice(["0.85", "1.0", "1.0", "1.15"])
            file = folder / f"{voice}-{number}.wav"
            command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}"]
            command += ["-t", text, "-o", str(file)]
        else:
            voice = rng.choice(ESPEAK_ACCENTS) + rng.choice(ESPEAK_VARIANTS)
            speed, pitch = rng.randint(125, 190), rng.randint(25, 75)
            file = folder / f"espeak-{number}.wav"
            command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch)]
            command += ["-w", str(file), text]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
