"""The published embedding, stood in for by two small ONNX models of the same shape."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kws.cli import main
from kws.errors import ConfigError
from kws.training.pretraining.teacher import EMBEDDING_FILE, MELSPECTROGRAM_FILE, OnnxTeacher

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

MELS, FRAMES, VALUES = 32, 76, 6


def write(path: Path, nodes: list[Any], arrays: dict[str, Any], ends: list[Any]) -> None:
    initializers = [
        onnx.numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()
    ]
    graph = onnx.helper.make_graph(nodes, path.stem, ends[:1], ends[1:], initializers)
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8
    )
    path.write_bytes(model.SerializeToString())


def value(name: str, *shape: int | str) -> Any:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def write_mel(folder: Path) -> np.ndarray:
    """32 convolutions of 512 samples every 160; gives back their weights."""
    weights = np.random.default_rng(1).normal(0, 1e-4, (MELS, 1, 512)).astype(np.float32)
    node = onnx.helper.make_node
    write(
        folder / MELSPECTROGRAM_FILE,
        [
            node("Unsqueeze", ["input", "one"], ["signal"]),
            node("Conv", ["signal", "weights"], ["bands"], strides=[160]),
            node("Transpose", ["bands"], ["turned"], perm=[0, 2, 1]),
            node("Unsqueeze", ["turned", "one"], ["output"]),
        ],
        {"weights": weights, "one": np.array([1])},
        [value("input", "batch", "samples"), value("output", "batch", 1, "frames", MELS)],
    )
    return weights


def write_embedding(folder: Path, frames: int = FRAMES, out: int = 1) -> np.ndarray:
    """A mean over pairs of frames, then one convolution as long as the window."""
    shape = (VALUES, 1, frames // 2 - 4 * (out - 1), MELS)
    weights = np.random.default_rng(2).normal(0, 0.1, shape).astype(np.float32)
    node = onnx.helper.make_node
    write(
        folder / EMBEDDING_FILE,
        [
            node("Reshape", ["input_1", "entry"], ["image"]),
            node("AveragePool", ["image"], ["half"], kernel_shape=[2, 1], strides=[2, 1]),
            node("Conv", ["half", "weights"], ["values"], strides=[4, 1]),
            node("Reshape", ["values", "exit"], ["embedding"]),
        ],
        {
            "weights": weights,
            "entry": np.array([-1, 1, frames, MELS]),
            "exit": np.array([-1, out, 1, VALUES]),
        },
        [value("input_1", "batch", frames, MELS, 1), value("embedding", "batch", out, 1, VALUES)],
    )
    return weights


def test_each_embedding_is_that_of_its_window(tmp_path: Path) -> None:
    mel, weights = write_mel(tmp_path), write_embedding(tmp_path)
    teacher = OnnxTeacher(tmp_path)
    assert (teacher.dimensions, teacher.window, teacher.hop) == (VALUES, 12512, 1280)
    audio = np.random.default_rng(3).uniform(-1, 1, 6 * 16000).astype(np.float32)
    embeddings = teacher(audio)
    assert embeddings.shape == ((6 * 16000 - 12512) // 1280 + 1, VALUES)
    for number in (0, 1, 49, 50, len(embeddings) - 1):
        start = number * 1280
        windows = np.lib.stride_tricks.sliding_window_view(audio[start : start + 12512], 512)
        bands = windows[::160] * 32768 @ mel[:, 0].T / 10 + 2
        halved = bands.reshape(38, 2, MELS).mean(1)
        expected = (weights[:, 0] * halved).sum((1, 2))
        np.testing.assert_allclose(embeddings[number], expected, rtol=1e-3, atol=1e-3)


def test_less_than_a_window_has_no_embedding(tmp_path: Path) -> None:
    write_mel(tmp_path)
    write_embedding(tmp_path)
    teacher = OnnxTeacher(tmp_path)
    assert teacher(np.zeros(12511, np.float32)).shape == (0, VALUES)
    assert teacher(np.zeros(12512, np.float32)).shape == (1, VALUES)


def test_of_files_that_nobody_knows_the_licence_is_unknown(tmp_path: Path) -> None:
    write_mel(tmp_path)
    write_embedding(tmp_path)
    facts = OnnxTeacher(tmp_path).facts
    assert "unknown" in facts.licence and set(facts.files) == {MELSPECTROGRAM_FILE, EMBEDDING_FILE}


def test_files_that_are_no_teacher(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the teacher's"):
        OnnxTeacher(tmp_path)
    write_mel(tmp_path)
    (tmp_path / EMBEDDING_FILE).write_bytes(b"no model at all")
    with pytest.raises(ConfigError, match="not an ONNX model"):
        OnnxTeacher(tmp_path)
    write_embedding(tmp_path, frames=60)
    with pytest.raises(ConfigError, match="windows of 76 frames"):
        OnnxTeacher(tmp_path)
    write_embedding(tmp_path, out=2)
    with pytest.raises(ConfigError, match="no speech embedding"):
        OnnxTeacher(tmp_path)
    (tmp_path / EMBEDDING_FILE).write_bytes((tmp_path / MELSPECTROGRAM_FILE).read_bytes())
    with pytest.raises(ConfigError, match="begin and end with a reshape"):
        OnnxTeacher(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ([], 7, "cannot read the teacher's"),
        (["--preset", "best"], 7, "no preset 'best'"),
        (["--without", "rain"], 7, "choose from place, noise"),
        (["--set", "speed=1"], 7, "no field 'speed'"),
        (["--set", "tapes=3"], 7, "multiple of lanes"),
        (["--set", "passes=0"], 7, "passes is 0"),
        (["--set", 'augmentation=["rain"]'], 7, "no group 'rain'"),
        (["--minutes", "0"], 7, "a training needs a limit"),
        (["--resume"], 10, "no run to resume"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    tiny_corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
    code: int,
    message: str,
) -> None:
    nowhere = ("--teacher", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit) as ended:
        main(["pretrain", str(tiny_corpus), "--out", str(tmp_path / "base"), *nowhere, *wrong])
    assert ended.value.code == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "base").exists()


def test_the_whole_command(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    write_mel(teacher)
    write_embedding(teacher)
    quick = ("--set", "lanes=2", "--set", "tapes=2", "--set", "tape_chunks=1", "--steps", "2")
    with pytest.raises(SystemExit) as ended:
        main(
            ["pretrain", str(tiny_corpus), "--out", str(tmp_path / "base"), "--without",
             "noise,faults", "--teacher", str(teacher), *quick]
        )  # fmt: skip
    assert not ended.value.code
    assert "kws train --base" in capsys.readouterr().out
