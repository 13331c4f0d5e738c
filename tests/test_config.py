"""Where settings come from, and what is refused."""

from pathlib import Path
from typing import Any

import platformdirs
import pytest

from kws import config
from kws.config import read_config, save_threshold, saved_thresholds
from kws.errors import ConfigError, OutputError


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "etc" / "kws.toml")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(
        'device = "usb"\nchannel = 2\nthreshold = 0.5\n[thresholds]\nyes = 0.6\nno = 0.7\n'
    )
    return path


def test_defaults() -> None:
    assert read_config({}) == config.ListenConfig()


def test_the_file_beats_defaults_and_flags_beat_the_file(file: Path) -> None:
    read = read_config({"device": 3, "thresholds": {"no": 0.9}}, file)
    assert (read.device, read.channel, read.threshold) == (3, 2, 0.5)
    assert read.thresholds == {"yes": 0.6, "no": 0.9}


def test_a_flag_for_all_words_beats_single_words_of_the_file(file: Path) -> None:
    read = read_config({"threshold": 0.8, "thresholds": {"no": 0.9}}, file)
    assert read.threshold == 0.8
    assert read.thresholds == {"no": 0.9}


def test_saved_thresholds_lie_between_file_and_flags(file: Path) -> None:
    save_threshold("yes", 0.65)
    save_threshold("no", 0.75)
    assert saved_thresholds() == {"yes": 0.65, "no": 0.75}
    assert read_config({"thresholds": {"no": 0.9}}, file).thresholds == {"yes": 0.65, "no": 0.9}


def test_the_users_file_goes_before_the_systems() -> None:
    system = config.SYSTEM_FILE
    system.parent.mkdir()
    system.write_text("channel = 3")
    assert read_config({}).channel == 3
    own = platformdirs.user_config_path("kws") / "kws.toml"
    own.parent.mkdir(parents=True)
    own.write_text("channel = 4")
    assert read_config({}).channel == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("devise = 'usb'", "unknown key 'devise'.*did you mean 'device'"),
        ("zzz = 1", "unknown key 'zzz'.*choose from model"),
        ("channel = 'two'", ': channel must be a whole number from 1 to 2147483647, not "two"$'),
        (
            "[thresholds]\nyes = 'high'",
            ': thresholds must be a table with a number for each name, not {"yes": "high"}$',
        ),
        ("channel = 0", ": channel must be a whole number from 1 .*, not 0$"),
        ("name = ''", ': name must be text of 1 to 64 characters, not ""$'),
        ("save_triggers_mb = -5", ": save_triggers_mb must be a whole number from 1 .*, not -5$"),
        ("words = []", r": words must be a list of text, at least 1 item, not \[\]$"),
        ("pace = 'no'", ': pace must be true or false, not "no"$'),
        ("device = 1.5", ": device must be text or a whole number from 0 .*, not 1.5$"),
        ("source = 1979-05-27", ': source must be text, not "1979-05-27"$'),
        ("[threshold]\nyes = 0.8", r"those of single words belong in \[thresholds\]"),
        ("channel = ", "Invalid value"),
        ("channel = 1\nchannel = 2", "Cannot overwrite"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_config({}, path)
    assert str(path) in str(caught.value)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config({}, tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"name": ""}, r'^--name \(or \$KWS_NAME\) must be text of 1 to 64 characters, not ""$'),
        ({"save_triggers_mb": 0}, r"^--save-triggers-mb \(or \$KWS_SAVE_TRIGGERS_MB\) must be "),
        ({"thresholds": {"yes": "x"}}, r"^--threshold \(or \$KWS_THRESHOLD\) must be "),
        ({"colour": 1}, "^unknown key 'colour'"),
    ],
)
def test_flags_are_checked_too(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(flags)


def test_a_home_that_is_closed_holds_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with ``sudo -u kws`` and the home of somebody else; made up, as root may go anywhere."""

    def closed(*_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", closed)
    monkeypatch.setattr("kws.config.os.access", lambda *_: False)
    assert read_config({}) == config.ListenConfig()


def test_a_threshold_that_cannot_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file" / "state"))
    with pytest.raises((OutputError, ConfigError)):
        save_threshold("yes", 0.5)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"yes": "high"}', b"\xff"])
def test_damaged_saved_thresholds_are_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    (tmp_path / "thresholds.json").write_bytes(content)
    assert saved_thresholds() == {}
    assert (tmp_path / "thresholds.damaged").read_bytes() == content
    save_threshold("yes", 0.7)
    assert saved_thresholds() == {"yes": 0.7}
