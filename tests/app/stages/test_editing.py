"""pinery.toml is changed whole or not at all, by one at a time, and what people wrote in it stays."""

from __future__ import annotations

import stat
import threading
import tomllib
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.stages import editing
from pinery.app.stages.editing import add_deployment, only_editor, remove_deployment, set_values
from pinery.trading.errors import ConfigError, Refused
from tests.app.stages.conftest import CONFIG, ETH

SETTINGS = {"account": "paper", "symbol": ETH, "bracket": {"stop": "1%"}}


def nothing(_: Configuration) -> None:
    pass


def text(folder: Path) -> str:
    return (folder / "pinery.toml").read_text(encoding="utf-8")


def test_a_deployment_is_added_and_removed_again(folder: Path) -> None:
    assert "new" in add_deployment(folder, "new", SETTINGS, nothing).deployments
    assert text(folder).startswith(CONFIG)
    assert tomllib.loads(text(folder))["deployments"]["new"]["bracket"] == {"stop": "1%"}
    remove_deployment(folder, "new", nothing)
    assert text(folder).rstrip() == CONFIG.rstrip()


def test_a_value_is_set_and_its_comment_stays(folder: Path) -> None:
    set_values(folder, "demo", {"stage": "small", "paused": True}, nothing)
    after = text(folder)
    assert 'stage = "small"               # paper, then small' in after
    assert tomllib.loads(after)["deployments"]["demo"]["paused"] is True
    for line in CONFIG.splitlines():
        if line.startswith("#") or (line and not line.startswith("stage")):
            assert line in after


def test_comments_after_a_removed_section_stay(folder: Path) -> None:
    remove_deployment(folder, "demo", nothing)
    after = text(folder)
    assert "[deployments" not in after and "max_position" not in after
    assert "# --- notifications -----" in after and "[notify.console]              # what I want to know" in after


def test_a_deployment_in_the_middle_of_others(folder: Path) -> None:
    add_deployment(folder, "one", SETTINGS, nothing)
    add_deployment(folder, "two", SETTINGS, nothing)
    remove_deployment(folder, "one", nothing)
    set_values(folder, "two", {"paused": True}, nothing)
    assert set(tomllib.loads(text(folder))["deployments"]) == {"demo", "two"}
    assert tomllib.loads(text(folder))["deployments"]["two"]["paused"] is True


def test_a_file_written_otherwise_is_left_alone_or_changed_rightly(folder: Path) -> None:
    inline = f'[accounts.paper]\nbroker = "paper"\n[deployments]\ndemo = {{ account = "paper", symbol = "{ETH}" }}\n'
    (folder / "pinery.toml").write_text(inline, encoding="utf-8")
    set_values(folder, "demo", {"stage": "small"}, nothing)
    assert tomllib.loads(text(folder))["deployments"]["demo"]["stage"] == "small"
    before = text(folder)
    with pytest.raises(Refused, match="cannot change safely"):
        remove_deployment(folder, "demo", nothing)
    assert text(folder) == before


def test_a_file_that_is_no_toml_is_said_and_left(folder: Path) -> None:
    broken = CONFIG + "\n[[broken"
    (folder / "pinery.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        add_deployment(folder, "new", SETTINGS, nothing)
    assert text(folder) == broken


def test_line_ends_and_rights_stay(folder: Path) -> None:
    path = folder / "pinery.toml"
    path.write_bytes(CONFIG.replace("\n", "\r\n").encode())
    path.chmod(0o640)
    set_values(folder, "demo", {"stage": "small"}, nothing)
    assert b'stage = "small"               # paper, then small\r\n' in path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_one(folder: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.toml"
    (folder / "pinery.toml").rename(real)
    (folder / "pinery.toml").symlink_to(real)
    set_values(folder, "demo", {"stage": "small"}, nothing)
    assert (folder / "pinery.toml").is_symlink() and 'stage = "small"' in real.read_text(encoding="utf-8")


def test_settings_that_are_not_right_are_not_written(folder: Path) -> None:
    with pytest.raises(ConfigError, match="there is no account"):
        add_deployment(folder, "new", SETTINGS | {"account": "nobody"}, nothing)
    assert text(folder) == CONFIG
    assert not list(folder.glob(".pinery.draft*"))


def test_what_fails_before_the_change_leaves_the_file(folder: Path) -> None:
    def full(_: Configuration) -> None:
        raise Refused("the disk is full")

    with pytest.raises(Refused, match="the disk is full"):
        set_values(folder, "demo", {"stage": "small"}, full)
    assert text(folder) == CONFIG


def test_an_edit_by_hand_meanwhile_is_not_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = editing.load_configuration

    def slow(*arguments: Path, **more: str) -> Configuration:
        (folder / "pinery.toml").write_text(CONFIG + "# by hand\n", encoding="utf-8")
        return load(*arguments, **more)

    monkeypatch.setattr(editing, "load_configuration", slow)
    with pytest.raises(Refused, match="was changed meanwhile"):
        set_values(folder, "demo", {"stage": "small"}, nothing)
    assert text(folder) == CONFIG + "# by hand\n"


def test_editors_wait_for_each_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "_PATIENCE", 180.0)  # six of them, on a busy machine

    def add(number: int) -> None:
        with only_editor(folder):
            add_deployment(folder, f"d{number}", SETTINGS, nothing)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(tomllib.loads(text(folder))["deployments"]) == {"demo", *(f"d{number}" for number in range(6))}


def test_who_waits_too_long_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "_PATIENCE", 0.0)
    with only_editor(folder), pytest.raises(Refused, match="by somebody else"), only_editor(folder):
        pass
