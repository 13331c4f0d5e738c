"""The comparison with a clip model, run with a stand-in for TensorFlow Lite."""

from pathlib import Path

import numpy as np
import pytest

from kws.corpus.speech_commands import TWELVE_LABELS
from kws.errors import ModelError
from kws.evaluation import clip_model as slid
from kws.evaluation.clip_model import SlidClipModel


class StandIn:
    """Hears "go" in any window that holds a sample above 0.5, else silence."""

    def __init__(self, inputs: tuple[int, ...] = (1, 16000)) -> None:
        self._inputs = inputs
        self._logits = np.zeros((1, 12), np.float32)

    def get_input_details(self) -> list[dict[str, object]]:
        return [{"index": 0, "shape": np.array(self._inputs)}]

    def get_output_details(self) -> list[dict[str, object]]:
        return [{"index": 1, "shape": np.array((1, 12))}]

    def set_tensor(self, index: int, window: np.ndarray) -> None:
        assert index == 0 and window.dtype == np.float32
        self._window = window

    def invoke(self) -> None:
        self._logits[:] = 0
        heard = "go" if np.abs(self._window).max() > 0.5 else "_silence_"
        self._logits[0, TWELVE_LABELS.index(heard)] = 9

    def get_tensor(self, index: int) -> np.ndarray:
        assert index == 1
        return self._logits


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> SlidClipModel:
    monkeypatch.setattr(slid, "_load", lambda path: StandIn())
    return SlidClipModel(Path("some/clips.tflite"), ["bird", "go", "yes"])


def test_a_window_every_tenth_of_a_second_and_a_mean_of_three(model: SlidClipModel) -> None:
    samples = np.zeros(48000, np.float32)
    samples[24000] = 0.9
    heard: list[int] = []
    low, high = model.listen(samples, heard.append)
    assert [low.listener, high.listener] == ["clips slid, 0.8", "clips slid, 0.9"]
    assert low.words == ["go", "yes"]
    assert low.positions.tolist() == list(range(16000, 48001, 1600))
    # The sample is first in the window that ends at 25600; three windows must agree.
    assert [(d.keyword, d.fired) for d in low.detections] == [("go", 25600 + 2 * 1600)]
    assert [(d.keyword, d.fired) for d in high.detections] == [("go", 25600 + 2 * 1600)]
    assert sum(heard) == len(samples)


def test_a_stream_shorter_than_a_window(model: SlidClipModel) -> None:
    trace = model.listen(np.zeros(9000, np.float32), lambda _: None)[0]
    assert (len(trace.positions), list(trace.detections)) == (0, [])


def test_a_model_of_another_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slid, "_load", lambda path: StandIn((1, 98, 40)))
    with pytest.raises(ModelError, match="1, 98, 40"):
        SlidClipModel(Path("clips.tflite"), ["go"])


def test_a_model_without_any_of_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slid, "_load", lambda path: StandIn())
    with pytest.raises(ModelError, match="none of the words bird"):
        SlidClipModel(Path("clips.tflite"), ["bird"])


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    file = tmp_path / "clips.tflite"
    file.write_bytes(b"no model")
    with pytest.raises(ModelError, match="not a TensorFlow Lite model"):
        SlidClipModel(file, ["go"])
