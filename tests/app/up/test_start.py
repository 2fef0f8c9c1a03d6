"""``pinery up`` where pinery.toml would leave a position behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from pinery.adapters.store.database import SqlStore
from pinery.app import logs
from pinery.app.config.reading import load_last
from pinery.app.up import start as starting
from tests.app.config.test_left_behind import folder, holds, store, text, write

__all__ = ["folder", "store"]  # fixtures


class Nothing:
    """Starts no processes."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        pass

    async def run(self) -> int:
        return 0


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "Supervisor", Nothing)
    monkeypatch.setattr(logs, "configure", lambda *arguments, **more: None)


def account_in_force(folder: Path) -> str:
    last = load_last(folder)
    assert last is not None
    return last.deployments["trend"].account


def test_it_goes_on_with_the_settings_before_and_says_so(folder: Path, store: SqlStore) -> None:
    holds(store)
    write(folder, text("new"))
    with capture_logs() as said:
        assert starting.start(folder, [], None, None) == 0
    (told,) = [line for line in said if line["event"] == "config.invalid"]
    assert "trend holds 2 CME_MINI:ESZ2026 in old" in told["text"] and "--leave-positions" in told["hint"]
    assert account_in_force(folder) == "old"


def test_unless_it_is_told_to_leave_it(folder: Path, store: SqlStore) -> None:
    holds(store)
    write(folder, text("new"))
    with capture_logs() as said:
        assert starting.start(folder, [], None, None, leave_positions=True) == 0
    texts = [line["text"] for line in said if line["event"] == "configuration"]
    assert any("trend holds 2 CME_MINI:ESZ2026 in old, and pinery.toml has it in new" in text for text in texts)
    assert account_in_force(folder) == "new"


def test_nothing_is_said_where_nothing_is_left(folder: Path, store: SqlStore) -> None:
    write(folder, text("new"))
    with capture_logs() as said:
        assert starting.start(folder, [], None, None) == 0
    assert not [line for line in said if "signals do not close it" in line.get("text", "")]
    assert account_in_force(folder) == "new"
