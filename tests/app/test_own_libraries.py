"""Pinery's own Pine libraries are found wherever a script lies, and say what the gateway reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import pinery

BARS = {
    "time": [1704067200 + 60 * i for i in range(3)],
    "open": [5000.25, 5001.0, 5002.0],
    "high": [5001.0, 5002.0, 5003.0],
    "low": [5000.0, 5000.5, 5001.0],
    "close": [5001.0, 5001.5, 5002.5],
    "volume": [1.0, 2.0, 3.0],
}


def test_a_signal_states_the_position_and_its_bar() -> None:
    script = """//@version=6
indicator("x")
import Pinery/signals/1 as signals
if barstate.islast
    alert(signals.message("PUT", -2, close + 1, na), alert.freq_once_per_bar_close)
"""
    result = pinery.run(script, bars=BARS, symbol="CME_MINI:ES1!", timeframe="1")
    assert [json.loads(alert.message) for alert in result.alerts] == [
        {
            "signal": "PUT",
            "symbol": "CME_MINI:ES1!",
            "interval": "1",
            "market_position": "short",
            "market_position_size": 2,
            "price": 5002.5,
            "stop_loss": 5003.5,
            "time": "2024-01-01T00:02:00Z",
        }
    ]


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ("0001-0002", [1, 1, 0]),
        ("0002-0001", [1, 1, 1]),
        ("1601-1602", [0, 0, 0]),
        ("0000-0000", [1, 1, 1]),
    ],
)
def test_a_session_counts_the_close_of_the_bar(session: str, expected: list[int]) -> None:
    script = f"""//@version=6
indicator("x")
import Pinery/clock/1 as clock
plot(clock.closesWithin("{session}", "UTC") ? 1 : 0, "in")
"""
    result = pinery.run(script, bars=BARS, symbol="CME_MINI:ES1!", timeframe="1")
    assert list(result.plots["in"]) == expected


def test_an_own_copy_of_a_library_comes_first(tmp_path: Path) -> None:
    folder = tmp_path / "Pinery" / "clock"
    folder.mkdir(parents=True)
    (folder / "1.pine").write_text('//@version=6\nlibrary("clock")\nexport answer() => 42.0\n')
    script = '//@version=6\nindicator("x")\nimport Pinery/clock/1 as clock\nplot(clock.answer(), "a")\n'
    result = pinery.run(script, bars=BARS, symbol="CME_MINI:ES1!", timeframe="1", libraries=[tmp_path])
    assert result.plots["a"][-1] == 42
