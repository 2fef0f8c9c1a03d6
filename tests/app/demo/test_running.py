"""What the demo says where it cannot start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pinery.app.demo import running
from pinery.app.demo.place import prepare
from pinery.app.demo.running import run_demo
from pinery.trading.errors import Refused
from tests.crash.storm import free_port, taken


class NoProcesses:
    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.stopping = asyncio.Event()

    async def run(self) -> int:
        await asyncio.wait_for(self.stopping.wait(), 30)
        return 0


def test_a_port_taken_since_it_was_chosen_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = free_port(), free_port(), free_port()
    place = prepare(tmp_path / "demo", ports=ports)
    monkeypatch.setattr(running, "Supervisor", NoProcesses)
    monkeypatch.setattr(running, "remember", lambda configuration: None)
    monkeypatch.setattr(running.logs, "configure", lambda *arguments, **options: None)
    monkeypatch.setattr(running, "prepare", lambda folder, **options: place)
    with taken(ports[2]), pytest.raises(Refused, match=f"{ports[2]}: another program listens there") as told:
        run_demo(tmp_path / "demo")
    assert told.value.hint == "start it again: it takes another port"
