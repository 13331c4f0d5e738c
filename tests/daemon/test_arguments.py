"""From the command line to the daemon."""

import sys

import pytest

from kws.daemon.arguments import Arguments, become_daemon
from kws.errors import ConfigError, KwsError


def test_elsewhere_than_on_linux_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(KwsError, match="needs Linux"):
        become_daemon(Arguments(flags={}))


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(ConfigError, match="is not UTF-8"):
        become_daemon(Arguments(flags={"source": "\udcff.wav"}))
