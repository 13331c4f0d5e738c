from pathlib import Path

import numpy as np
import pytest

from kws.corpus.corpus import read_corpus
from kws.corpus.mixing import ramp
from kws.spotting.feature_spec import FeatureSpec
from kws.training.acoustic_rooms import room_responses
from kws.training.augmentation import GROUPS, damage, texture
from kws.training.feature_matrices import build_matrices
from kws.training.logmel import LogMel
from kws.training.recipe import preset
from kws.training.sounds import Sound, SoundKind, SoundLibrary
from kws.training.tapes import TapeMaker
from kws.training.targets import LabelSet, choose_labels

FRAMES = 1000
SPEC = FeatureSpec()


def labels_of(folder: Path) -> LabelSet:
    counts = dict(read_corpus(folder).word_counts("training"))
    return choose_labels(counts, ["rise", "fall"], own_output=5)


def maker(
    folder: Path, groups: tuple[str, ...], kind: type[SoundLibrary] = SoundLibrary
) -> TapeMaker:
    labels = labels_of(folder)
    library = kind(read_corpus(folder), labels.keywords, place="place" in groups)
    rooms = room_responses(4) if "noise" in groups else None
    log_mel = LogMel(SPEC, build_matrices(SPEC))
    return TapeMaker(library, labels, log_mel, 2, FRAMES, groups, rooms)


def test_the_same_seed_gives_the_same_tape(tiny_corpus: Path) -> None:
    first = maker(tiny_corpus, GROUPS).make(np.random.default_rng((1, 2)))
    again = maker(tiny_corpus, GROUPS).make(np.random.default_rng((1, 2)))
    other = maker(tiny_corpus, GROUPS).make(np.random.default_rng((1, 3)))
    np.testing.assert_array_equal(first.log_mel, again.log_mel)
    np.testing.assert_array_equal(first.codes, again.codes)
    assert not np.array_equal(first.log_mel, other.log_mel)
    assert first.log_mel.shape == (FRAMES, SPEC.mels)
    assert len(first.codes) == len(first.windows) == FRAMES // 2


def test_the_tone_ends_where_its_window_says(tiny_corpus: Path) -> None:
    """Without augmentation the loudness around each window is that of a word and its end."""
    tapes = maker(tiny_corpus, ())
    keywords = 0
    for seed in range(6):
        audio, targets = tapes.mix(np.random.default_rng(seed))
        words = set(targets.codes[targets.windows > 0])
        assert words <= {0, 1, 2}
        for number in range(1, targets.windows.max() + 1):
            rows = np.flatnonzero(targets.windows == number)
            if len(rows) < 5:
                continue
            heard = ((rows[0] + 1) * 2 - 1) * SPEC.hop + SPEC.window
            before = np.abs(audio[heard - 4800 : heard - 1600]).max()
            after = np.abs(audio[heard + 640 : heard + 1600]).max()
            assert before > 5 * after
            keywords += 1
    assert keywords > 20


def test_nothing_starts_with_a_jump(tiny_corpus: Path) -> None:
    """Every splice is faded: no sample differs from the one before by more than the tones do."""
    for seed in range(6):
        audio, _ = maker(tiny_corpus, ("place",)).mix(np.random.default_rng(seed))
        # 2500 Hz * 1.05 * 1.15 at full scale moves by at most 2 pi f / 16000 per sample.
        assert np.abs(np.diff(audio)).max() < 1.25


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_can_be_left_out(tiny_corpus: Path, group: str) -> None:
    groups = tuple(g for g in GROUPS if g != group)
    tape = maker(tiny_corpus, groups).make(np.random.default_rng(1))
    assert np.isfinite(tape.log_mel).all()


def test_near_misses_come_only_with_their_group(tiny_corpus: Path) -> None:
    drawn: list[str] = []

    class Watched(SoundLibrary):
        def draw(self, rng: np.random.Generator, kind: SoundKind) -> Sound:
            drawn.append(kind)
            return super().draw(rng, kind)

    for groups in (GROUPS, tuple(g for g in GROUPS if g != "near_misses")):
        drawn.clear()
        tapes = maker(tiny_corpus, groups, Watched)
        for seed in range(6):
            tapes.mix(np.random.default_rng(seed))
        assert "keyword" in drawn
        assert ("near_miss" in drawn) == ("near_misses" in groups)


def test_faults_leave_length_and_finiteness() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        audio = rng.normal(0, 0.1, 48000).astype(np.float32)
        before = audio.copy()
        damage(rng, audio)
        assert len(audio) == 48000
        assert np.isfinite(audio).all()
        assert not np.array_equal(audio, before)


def test_a_ramp_starts_and_ends_at_nothing() -> None:
    audio = ramp(np.ones(1000, np.float32), 100)
    assert audio[0] == audio[-1] == 0
    assert (audio[100:900] == 1).all()


def test_extended_background_is_as_loud_as_the_piece() -> None:
    rng = np.random.default_rng(1)
    piece = rng.normal(0, 0.01, 2000).astype(np.float32)
    longer = texture(rng, [piece], 40000)
    assert longer is not None and len(longer) == 40000
    for part in np.split(longer[:40000], 10):
        assert 0.008 < part.std() < 0.0125
    assert texture(rng, [piece[:100]], 40000) is None


def test_rooms_start_with_the_direct_sound_and_keep_the_energy() -> None:
    rooms = room_responses(4)
    np.testing.assert_allclose((rooms**2).sum(1), 1, rtol=1e-5)
    assert (np.abs(rooms[:, :40]).max(1) > 0.5 * np.abs(rooms).max(1)).all()


def test_presets_are_consistent() -> None:
    for name in ("default", "article", "gru", "tcn", "bcresnet"):
        preset(name).check()
