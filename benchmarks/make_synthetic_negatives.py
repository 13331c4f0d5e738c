"""Speak English with flite and espeak-ng, as speech without keywords to train on.

    python benchmarks/make_synthetic_negatives.py synthetic-en/
    kws train ... --negatives synthetic-en/

Needs both programs (Debian: flite espeak-ng).  Sentences come from Python's own documentation, and
every fifth text or so is a list of words that resemble the ten keywords.  The same Python version
gives the same texts.
"""

import random
import re
import subprocess
import sys
from pathlib import Path
from pydoc_data.topics import topics

TEXTS = 486
FLITE_VOICES = ("slt", "rms", "awb", "kal16")
ESPEAK_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp")
ESPEAK_VARIANTS = ("", "+m3", "+m5", "+f2", "+f4", "+f1")
SIMILAR_WORDS = (
    "guess less dress yesterday yet yeast chess note nor know known nose snow north gnome noble "
    "normal upper cup puppy supper town brown crown noun doubt drown lift laugh loft lend leave "
    "light write ride bright rice route honest gone an own con un offer often of cough awful shop "
    "step top stuff stock goat gold got grow ghost dough low so though"
)


def texts(rng: random.Random) -> list[str]:
    """Sentences and lists of similar words, mixed."""
    similar = SIMILAR_WORDS.split()
    whole = " ".join(topics[name] for name in sorted(topics))
    plain = re.sub(r"\s+", " ", re.sub(r'[*`"_|>~^=<{}\[\]()#\\/]', " ", whole))
    sentences = {text.strip() for text in re.findall(r"[A-Z][a-z' ,\-]{30,110}\.", plain)}
    chosen = sorted(text for text in sentences if text.count(" ") > 4)
    rng.shuffle(chosen)
    chosen = chosen[:520]
    chosen += [", ".join(rng.sample(similar, 5)) + "." for _ in range(160)]
    rng.shuffle(chosen)
    return chosen[:TEXTS]


def main() -> None:
    """Write one WAV file per text into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(1)
    for number, text in enumerate(texts(rng)):
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
