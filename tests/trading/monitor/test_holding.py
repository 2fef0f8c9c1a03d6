"""Bars held, by exchanges' hours."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import PineRuntimeError
from pinery.trading.contracts import Contract
from pinery.trading.deployments import Window
from pinery.trading.monitor.holding import bars_held, flat_by
from tests.trading.positions.making import ES, ETH


def at(text: str) -> int:
    """Unix ms of a UTC time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("contract", "timeframe", "opened", "now", "bars"),
    [
        (ETH, "15", "2026-11-23 10:00:01", "2026-11-23 10:14:59", 0),
        (ETH, "15", "2026-11-23 10:00:01", "2026-11-23 10:15:00", 1),
        (ETH, "15", "2026-11-23 10:14:59", "2026-11-23 10:15:00", 1),
        (ETH, "15", "2026-11-23 10:15:00", "2026-11-23 10:29:59", 0),
        (ETH, "15", "2026-11-23 10:15:00", "2026-11-23 11:15:00", 4),
        (ETH, "240", "2026-11-22 23:00:00", "2026-11-23 08:00:00", 3),
        (ETH, "1D", "2026-11-20 12:00:00", "2026-11-23 00:00:00", 3),
        (ETH, "D", "2026-11-20 12:00:00", "2026-11-22 23:59:59", 2),
        (ETH, "W", "2026-11-18 12:00:00", "2026-11-23 00:00:00", 1),
        (ETH, "30S", "2026-11-23 10:00:01", "2026-11-23 10:01:00", 2),
        (ETH, "1T", "2026-11-23 10:00:00", "2026-11-23 10:01:00", 0),
        # Chicago closes at 16:00 (22:00 UTC) and opens at 17:00: the pause has no bars.
        (ES, "15", "2026-11-23 21:50:00", "2026-11-23 22:00:00", 1),
        (ES, "15", "2026-11-23 21:50:00", "2026-11-23 23:14:59", 1),
        (ES, "15", "2026-11-23 21:50:00", "2026-11-23 23:15:00", 2),
        # From Friday to Sunday there are none either.
        (ES, "60", "2026-11-20 21:30:00", "2026-11-22 23:30:00", 1),
        (ES, "60", "2026-11-20 21:30:00", "2026-11-23 00:00:00", 2),
        (ES, "D", "2026-11-20 15:00:00", "2026-11-22 12:00:00", 1),
        (ES, "D", "2026-11-20 15:00:00", "2026-11-23 22:00:00", 2),
        # 240-minute bars count from the session's opening; the last one is cut short by its end.
        (ES, "240", "2026-11-23 20:00:00", "2026-11-23 22:00:00", 1),
    ],
)
def test_bars_held(contract: Contract, timeframe: str, opened: str, now: str, bars: int) -> None:
    assert bars_held(at(opened), at(now), timeframe, contract) == bars


def test_counting_stops_where_it_is_enough() -> None:
    assert bars_held(0, at("2026-11-23 10:00:00"), "1", ETH, limit=5) == 5


def test_other_words_are_no_timeframe() -> None:
    with pytest.raises(PineRuntimeError, match="hourly"):
        bars_held(0, 1, "hourly", ETH)


@given(
    st.integers(0, 60 * 24 * 14).map(lambda m: at("2026-11-02 00:00:00") + m * 60_000),
    st.lists(st.integers(0, 60 * 24 * 3), max_size=5),
    st.sampled_from(["5", "45", "240", "D", "W"]),
    st.sampled_from([ES, ETH]),
)
def test_bars_only_become_more(opened: int, steps: list[int], timeframe: str, contract: Contract) -> None:
    now, last = opened, 0
    for step in steps:
        now += step * 60_000
        held = bars_held(opened, now, timeframe, contract)
        assert held >= last
        last = held


def test_flat_by() -> None:
    window = (Window(time(6, 30), time(12, 30), "UTC-8"),)
    opened = at("2026-11-23 15:00:00")
    end = at("2026-11-23 20:30:00")
    assert flat_by(opened, opened, ES, window, 60) == end - 60_000
    # Still so when the end was missed.
    assert flat_by(opened, at("2026-11-24 03:00:00"), ES, window, 60) == end - 60_000
    # Without windows the exchange's own day ends.
    assert flat_by(opened, opened, ES, None, 0) == at("2026-11-23 22:00:00")
    assert flat_by(opened, opened, ETH, (), 0) is None
