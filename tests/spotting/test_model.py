"""Model folders: what is written is read, and everything else is refused by name."""

import hashlib
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kws.errors import ModelError, OutputError
from kws.spotting.model import Model, find_model, installed_models, load_model, save_model
from kws.spotting.spotter import Spotter


@pytest.fixture
def folder(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may break."""
    return Path(shutil.copytree(tiny_model_folder, tmp_path / "model"))


def edit_spec(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.json"
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def edit_weights(folder: Path, edit: Callable[[dict[str, np.ndarray]], object]) -> None:
    """Change arrays and make `weights_sha256` agree, as a careless or hostile author would."""
    path = folder / "weights.safetensors"
    arrays = load_file(path)
    edit(arrays)
    save_file(arrays, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    edit_spec(folder, lambda spec: spec.update(weights_sha256=digest))


def test_round_trip(tiny_model: Model, tmp_path: Path) -> None:
    save_model(tmp_path / "copy", tiny_model.spec, tiny_model.matrices, tiny_model.weights)
    copy = load_model(tmp_path / "copy")
    assert copy.spec == tiny_model.spec
    assert copy.sha256 == tiny_model.sha256
    for name, array in tiny_model.weights.items():
        assert np.array_equal(copy.weights[name], array)
    for name in ("window", "mel", "dct", "mean", "deviation"):
        assert np.array_equal(getattr(copy.matrices, name), getattr(tiny_model.matrices, name))


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda s: s.update(format="onnx"), "format is not"),
        (lambda s: s.update(version=2), "version is 2"),
        (lambda s: s.pop("version"), "version is None"),
        (lambda s: s.update(surprise=1), "surprise"),
        (lambda s: s.pop("labels"), "labels"),
        (lambda s: s["labels"].append("yes"), "labels must be"),
        (lambda s: s.update(name="kws\nINFO forged"), "name is"),
        (lambda s: s["labels"].extend(map(str, range(20_000))), "labels must be 2 to 1000"),
        (
            lambda s: s["network"].update(
                convolutions=[{"channels": 1, "kernel": 256, "stride": 256}] * 2000
            ),
            r"network\.convolutions has more than 64",
        ),
        (lambda s: s["labels"].append("\x1b[31mstop\n"), r"labels\[4\]"),
        (lambda s: s["labels"].append(""), r"labels\[4\]"),
        (lambda s: s["labels"].append("on/off"), r"labels\[4\]"),
        (lambda s: s["features"].update(hop="320"), r"features\.hop"),
        (lambda s: s["features"].update(hop=0), r"features\.hop"),
        (lambda s: s["features"].update(window=640), r"features\.fft"),
        (lambda s: s["features"].update(mels=41), r"features\.mel has shape"),
        (lambda s: s["features"].update(dither=1), "dither"),
        (lambda s: s["network"].update(kind="rnn"), r"network\.kind"),
        (lambda s: s["network"].update(layers=[16, 17], residual=False), r"lstm\.1\.weight_ih"),
        (lambda s: s["network"].update(layers=[]), r"network\.layers"),
        (lambda s: s["network"].update(layers=[10**9] * 2), r"network\.layers"),
        (lambda s: s["network"].update(block=3), r"network\.block"),
        (lambda s: s["network"]["convolutions"][1].update(stride=9), r"convolutions\[1\]"),
        (lambda s: s["keywords"][1].update(threshold=1.5), r"keywords\[1\]\.threshold"),
        (lambda s: s["keywords"][1].update(release=0.9), r"keywords\[1\]\.release"),
        (lambda s: s["keywords"][0].update(word="hello"), r"keywords\[0\]\.word"),
        (lambda s: s["keywords"].append(s["keywords"][0]), r"keywords\[3\]\.word"),
        (lambda s: s.update(keywords=[]), "keywords is empty"),
        (lambda s: s["decision"].update(refractory=-1), r"decision\.refractory"),
    ],
)
def test_bad_field_is_named(
    folder: Path, edit: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    edit_spec(folder, edit)
    with pytest.raises(ModelError, match=complaint) as caught:
        load_model(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda a: a.update({"head.bias": np.zeros(7, np.float32)}), "head.bias has shape"),
        (lambda a: a.pop("lstm.0.bias"), r"lack lstm\.0\.bias"),
        (lambda a: a.update(extra=np.zeros(1, np.float32)), "extra"),
        (lambda a: a.pop("features.mel"), r"features\.\*.*mel"),
        (lambda a: a.update({"features.mean": np.zeros(40, np.int32)}), r"features\.mean.*int32"),
        (lambda a: a.update({"features.dct": np.eye(40) > 0}), r"features\.dct.*bool"),
        (lambda a: a["features.mean"].fill(np.nan), r"features\.mean"),
        (lambda a: a["features.deviation"].fill(0), r"features\.deviation"),
        (lambda a: a["features.deviation"].fill(1e-9), r"features\.deviation.*below 1e-06"),
        (lambda a: a["features.mel"].__imul__(-1), r"features\.mel.*below 0"),
        (lambda a: a["head.weight"].fill(np.inf), r"head\.weight"),
        (lambda a: a["head.weight"].fill(1e7), r"head\.weight.*beyond 1e\+06"),
    ],
)
def test_bad_array_is_named(
    folder: Path, edit: Callable[[dict[str, np.ndarray]], object], complaint: str
) -> None:
    edit_weights(folder, edit)
    with pytest.raises(ModelError, match=complaint):
        load_model(folder)


def test_arrays_of_two_types_become_one(folder: Path, noise: np.ndarray) -> None:
    name = "lstm.0.weight_hh"
    edit_weights(folder, lambda arrays: arrays.update({name: arrays[name].astype(np.float64)}))
    model = load_model(folder)
    assert {array.dtype for array in model.weights.values()} == {np.dtype(np.float32)}
    Spotter(model).feed(noise[:8000])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_model_json_that_is_none(folder: Path, content: bytes) -> None:
    (folder / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.json"):
        load_model(folder)


class Hostile:
    """Creates a file when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.proof,))


def test_pickle_in_place_of_the_weights_is_not_executed(folder: Path, tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    content = pickle.dumps(Hostile(proof))
    (folder / "weights.safetensors").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit_spec(folder, lambda spec: spec.update(weights_sha256=digest))
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_model(folder)
    assert not proof.exists()


def test_truncated_weights(folder: Path) -> None:
    path = folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match="weights_sha256"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_pipe_or_device_in_place_of_a_file(folder: Path, name: str) -> None:
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (folder / name).unlink()
        make(folder / name)
        with pytest.raises(ModelError, match="no regular file"):
            load_model(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_home_of_another_user_is_passed_over(tmp_path: Path) -> None:
    """As with `su` or `sudo -u`, which keep HOME."""
    tmp_path.chmod(0o700)
    script = (
        "import os; from kws.spotting.model import installed_models; os.seteuid(65534); "
        "list(installed_models())"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": ""},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors"])
def test_half_a_model(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        load_model(folder)


@pytest.mark.parametrize("name", ["nowhere", "no/where", "", "../nowhere"])
def test_missing_model(name: str) -> None:
    with pytest.raises(ModelError, match="there is no model"):
        load_model(name)


def test_a_missing_model_says_where_one_of_your_own_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    with pytest.raises(ModelError, match=f"nor in {tmp_path}/share/kws/models, "):
        load_model("nowhere")


def test_user_model_goes_before_ours(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    mine = tmp_path / "share" / "kws" / "models" / "commands"
    shutil.copytree(folder, mine)
    assert find_model("commands") == mine
    assert find_model() == mine
    assert mine in set(installed_models())


def test_data_folder_here_does_not_hide_the_default_model(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training data is a folder called `commands` as well."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    mine = tmp_path / "share" / "kws" / "models" / "commands"
    shutil.copytree(folder, mine)
    (tmp_path / "here" / "commands" / "yes").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert find_model() == mine
    assert find_model("commands") == mine


def test_folder_that_cannot_be_written(tiny_model: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        save_model(
            tmp_path / "file" / "model",
            tiny_model.spec,
            tiny_model.matrices,
            tiny_model.weights,
        )
