"""Damaged settings: refused as `ConfigError`, or settings that can be told."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kws import config
from kws.config import ListenConfig, read_config, save_threshold
from kws.errors import ConfigError
from tests.support.mutations import (
    ODD_NUMBERS,
    ODD_TEXTS,
    Edit,
    bounded,
    check_message,
    edited,
    edits,
    odd_values,
)

GOOD = b"""\
model = "commands"
words = ["yes", "no"]
threshold = 0.5
source = "mic"
pace = true
device = "usb"
channel = 2
log_words = false
events = "ipc:///run/kws/events"
keys = "/etc/kws/keys"
save_triggers_mb = 100

[thresholds]
yes = 0.6
no = 0.7
"""
ODD_TOML = (
    *map(repr, ODD_NUMBERS[:-4]), "1e999", "-inf", "nan", "1979-05-27T07:32:00Z", "07:32:00",
    "9" * 5000, "0x" + "f" * 5000, "1_0", "true", '""', "''", '"\\u0000"', '"\\uD800"', '"""a"""',
    "[" * 5000, "{a=" * 5000, "{}", "[]", "[1, 'a']", "{yes = 'a'}", "{'' = 0.5}",
)  # fmt: skip

quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "etc" / "kws.toml")


def use(file: Path | None, flags: dict[str, Any]) -> None:
    """Read the settings; what is accepted goes to JSON and back."""
    with bounded():
        try:
            read = read_config(flags, file)
        except ConfigError as error:
            check_message(error)
            return
    told = msgspec.json.decode(msgspec.json.encode(read), type=dict)
    assert told.keys() == set(ListenConfig.__struct_fields__)


@quick
@given(changes=edits())
def test_a_damaged_file(tmp_path: Path, changes: list[Edit]) -> None:
    (tmp_path / "kws.toml").write_bytes(edited(GOOD, changes))
    use(tmp_path / "kws.toml", {})


@quick
@given(
    key=st.sampled_from(ListenConfig.__struct_fields__)
    | st.sampled_from(("thresholds.yes", "thresholds.'a b'", "a.b.c", "'\\n'", '"\\n"', '""')),
    value=st.sampled_from(ODD_TOML),
)
@example(key="channel", value="9" * 5000)
@example(key="model", value="[" * 5000)
def test_a_file_with_an_odd_value(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "kws.toml").write_text(f"{key} = {value}\n")
    use(tmp_path / "kws.toml", {})


@quick
@given(
    flags=st.dictionaries(st.sampled_from(ListenConfig.__struct_fields__), odd_values()).filter(
        lambda flags: isinstance(flags.get("thresholds", {}), dict)
    )
)
def test_odd_flags(flags: dict[str, Any]) -> None:
    use(None, flags)


@quick
@given(
    content=st.binary(max_size=200)
    | st.builds(edited, st.just(b'{"yes":0.5,"no":0.75}'), edits())
    | odd_values().map(lambda value: repr(value).encode("utf-8", "replace"))
)
@example(content=b'{"\x80"')
def test_damaged_saved_thresholds(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "thresholds.json").write_bytes(content)
    use(None, {})


@quick
@given(word=st.sampled_from(ODD_TEXTS) | st.text(), value=st.floats(0, 1))
def test_a_saved_threshold_is_read_again(tmp_path: Path, word: str, value: float) -> None:
    (tmp_path / "state" / "thresholds.json").unlink(missing_ok=True)
    save_threshold(word, value)
    assert read_config({}).thresholds == {word: value}
