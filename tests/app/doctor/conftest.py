from __future__ import annotations

import time

import pytest


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still: what is fresh in a prepared store stays fresh, however slow the machine is."""
    moment = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: moment)
