"""A running process takes over what changed, and keeps what it had where the change is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.tokens import rotate_token
from pinery.app.config.watching import Watcher
from pinery.trading.errors import ConfigError
from tests.app.config.conftest import ES


def test_changes_are_taken_over_and_mistakes_are_not(tmp_path: Path) -> None:
    path = tmp_path / "pinery.toml"
    path.write_text(ES)
    watcher = Watcher(tmp_path)
    assert watcher.poll() is None
    path.write_text(f"{ES}size = 2\n")
    found = watcher.poll()
    assert isinstance(found, Configuration) and found is watcher.current
    assert found.deployments["es"].sizing.value == 2
    assert watcher.poll() is None

    path.write_text(f"{ES}size = 3\nstop = 1\n")
    wrong = watcher.poll()
    assert isinstance(wrong, ConfigError) and "stop: there is no such setting" in wrong.message
    assert watcher.current is found
    assert watcher.poll() is None  # told once

    path.unlink()
    assert isinstance(watcher.poll(), ConfigError)
    path.write_text(f"{ES}size = 2\n")
    assert watcher.poll() is None and watcher.current is found  # as it was
    path.write_text(f"{ES}size = 40\n")
    assert watcher.poll() is watcher.current is not found


def test_who_asks_for_the_file_as_it_is_takes_no_news_from_who_polls(tmp_path: Path) -> None:
    path = tmp_path / "pinery.toml"
    path.write_text(ES)
    watcher = Watcher(tmp_path)
    path.write_text(f"{ES}size = 2\n")
    found = watcher.fresh()
    assert found.deployments["es"].sizing.value == 2
    assert watcher.poll() is found and watcher.poll() is None
    path.write_text(f"{ES}stop = 1\n")
    assert watcher.fresh() is found
    assert isinstance(watcher.poll(), ConfigError) and watcher.poll() is None


def test_new_tokens_and_symbols_are_changes(tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(f'symbols = "more.toml"\n{ES}')
    more = tmp_path / "more.toml"
    more.write_text('[symbols]\n"X:ABC" = { type = "stock", mintick = 0.05 }\n')
    watcher = Watcher(tmp_path)
    assert watcher.poll() is None
    rotate_token(tmp_path, "es")
    found = watcher.poll()
    assert isinstance(found, Configuration) and "es" in found.hooks
    more.write_text('[symbols]\n"X:ABC" = { type = "stock", mintick = 0.125 }\n')
    assert isinstance(watcher.poll(), Configuration)
    assert watcher.poll() is None


def test_there_must_be_something_to_begin_with(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no pinery\.toml"):
        Watcher(tmp_path)
