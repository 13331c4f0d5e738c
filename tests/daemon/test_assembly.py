"""From a configuration to the parts of the daemon."""

from pathlib import Path

import pytest

from kws.audio.playback import Playback
from kws.audio.supervisor import MicrophoneSource
from kws.config import ListenConfig, save_threshold
from kws.daemon.assembly import make_source, make_spotter, make_triggers
from kws.errors import ConfigError


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


def test_sources() -> None:
    assert isinstance(make_source(ListenConfig()), MicrophoneSource)
    source = make_source(ListenConfig(source="some.wav", pace=False))
    assert isinstance(source, Playback)
    assert source.clock == "none"


def test_thresholds_of_single_words_go_first(tiny_model_folder: Path) -> None:
    config = ListenConfig(model=str(tiny_model_folder), threshold=0.7, thresholds={"no": 0.8})
    assert make_spotter(config).stream.thresholds == {"yes": 0.7, "no": 0.8, "stop": 0.7}


def test_a_word_that_was_left_out_may_have_a_threshold(tiny_model_folder: Path) -> None:
    config = ListenConfig(model=str(tiny_model_folder), words=("yes",), thresholds={"no": 0.8})
    assert make_spotter(config).stream.thresholds == {"yes": 0.4}


def test_a_word_that_nobody_knows_may_not(tiny_model_folder: Path) -> None:
    config = ListenConfig(model=str(tiny_model_folder), thresholds={"yse": 0.8})
    with pytest.raises(ConfigError, match="did you mean 'yes'"):
        make_spotter(config)


def test_but_a_threshold_saved_for_another_model_is_ignored(tiny_model_folder: Path) -> None:
    save_threshold("marvin", 0.8)
    config = ListenConfig(model=str(tiny_model_folder), thresholds={"marvin": 0.8, "no": 0.6})
    assert make_spotter(config).stream.thresholds["no"] == 0.6


def test_triggers_only_when_asked_for(tmp_path: Path) -> None:
    assert make_triggers(ListenConfig(), lambda *_: None) is None
    kept = make_triggers(ListenConfig(save_triggers=str(tmp_path / "kept")), lambda *_: None)
    assert kept is not None
    kept.stop()
    assert (tmp_path / "kept").is_dir()
