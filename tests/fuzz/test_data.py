"""Damaged text beside the recordings of training and evaluation, and damaged runs."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kws.corpus.corpus import read_corpus
from kws.corpus.parts import part_of_negative, speaker_of, which_set
from kws.errors import ConfigError, DataError, ModelError
from kws.evaluation.materials import WITHOUT_KEYWORDS, Folders, read_material
from kws.training.checkpoint import CHECKPOINT_FILE, load_checkpoint, save_checkpoint
from kws.training.recipe import PRESETS
from kws.training.run import RUN_FILE, RunSettings, load_settings
from tests.support.mutations import (
    FRAGMENTS,
    Edit,
    bounded,
    check_message,
    edited,
    edits,
    mutated_document,
)

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
LISTED = ("validation_list.txt", "testing_list.txt")
ODD_LINES = (
    "", ".", "..", "/", "//", "\0", "yes/", "/yes", "yes/..", "a\tb", "\ufeffyes/a.wav",
    "yes/" + "a" * 300, "\u2028", "~", "yes/c1_nohash_0.wav",
)  # fmt: skip


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One word of four clips, lists, and a folder of two sentences with transcripts."""
    folder = tmp_path_factory.mktemp("fuzz")
    rng = np.random.default_rng(4)
    for name in (*(f"yes/c{n}_nohash_0.wav" for n in range(4)), "kathleen-en/a.wav"):
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "data" / name, rng.uniform(-0.1, 0.1, 4000), 16000)
    (folder / "data" / "kathleen-en").rename(folder / "kathleen-en")
    return folder


def texts() -> st.SearchStrategy[bytes]:
    """Lists of files, more or less."""
    good = b"yes/c1_nohash_0.wav\nyes/c2_nohash_0.wav\n"
    lines = st.lists(st.sampled_from(ODD_LINES) | st.text(max_size=20), max_size=5)
    return st.one_of(
        st.builds(edited, st.just(good), edits()),
        lines.map("\n".join).map(str.encode),
        st.binary(max_size=60),
    )


@quick
@given(name=st.sampled_from(LISTED), content=texts())
@example(name=LISTED[0], content=b".")
def test_lists_of_files(words: Path, name: str, content: bytes) -> None:
    for listed in LISTED:
        (words / "data" / listed).write_bytes(b"")
    (words / "data" / name).write_bytes(content)
    with bounded():
        try:
            corpus = read_corpus(words / "data", cache=words / "cache")
        except DataError as error:
            check_message(error)
            return
    assert len(corpus.recordings) == 4


@quick
@given(content=texts() | texts().map(lambda text: b"a.wav\t" + text))
def test_transcripts(words: Path, content: bytes) -> None:
    (words / "data" / LISTED[0]).write_bytes(b"")
    (words / "data" / LISTED[1]).write_bytes(b"yes/c1_nohash_0.wav\n")
    (words / "kathleen-en" / "transcripts.tsv").write_bytes(content)
    folders = Folders(words / "data", (words / "kathleen-en",))
    with bounded():
        try:
            material = read_material(folders, "testing", ["yes"], words / "cache")
        except DataError as error:
            check_message(error)
            return
    said = b"yes" in content.lower()
    assert said or len(material.quiet[WITHOUT_KEYWORDS]) == 1


@given(name=st.sampled_from(ODD_LINES) | st.text())
def test_names_of_recordings(name: str) -> None:
    assert which_set(name) == which_set(name)
    assert part_of_negative("talk", name) in ("training", "validation", "testing")
    assert isinstance(speaker_of(name), str)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a training that was broken off leaves behind."""
    folder = tmp_path_factory.mktemp("run")
    save_checkpoint(folder, {"a": torch.zeros(3), "b": torch.ones(2, 2)}, {"step": 5})
    return folder


@quick
@given(changes=edits(), fragment=st.none() | st.sampled_from(FRAGMENTS))
@example(changes=[], fragment="[" * 100_000)
@example(changes=[], fragment="NaN")
def test_checkpoints(run: Path, tmp_path: Path, changes: list[Edit], fragment: str | None) -> None:
    good = (run / CHECKPOINT_FILE).read_bytes()
    damaged = edited(good, changes) if fragment is None else checkpoint_with(fragment)
    (tmp_path / CHECKPOINT_FILE).write_bytes(damaged)
    with bounded():
        try:
            tensors, progress = load_checkpoint(tmp_path)
        except DataError as error:
            check_message(error)
            return
    assert isinstance(progress, dict)
    assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())


def checkpoint_with(progress: str) -> bytes:
    """A file of no tensor whose metadata hold `progress`."""
    header = json.dumps({"__metadata__": {"progress": progress}}).encode()
    return len(header).to_bytes(8, "little") + header


@quick
@given(data=st.data())
def test_settings_of_a_run(tmp_path: Path, data: st.DataObject) -> None:
    good = RunSettings(
        data="commands",
        negatives=("talk",),
        noise=(),
        keywords=("yes",),
        recipe=PRESETS["default"],
        mean=(0.5,),
    )
    text = data.draw(
        mutated_document(good).map(lambda document: json.dumps(document).encode())
        | st.builds(edited, st.just(msgspec.json.encode(good)), edits())
        | st.sampled_from(FRAGMENTS).map(str.encode)
    )
    (tmp_path / RUN_FILE).write_bytes(text)
    with bounded():
        try:
            load_settings(tmp_path).recipe.check()
        except (DataError, ModelError, ConfigError) as error:
            check_message(error)
