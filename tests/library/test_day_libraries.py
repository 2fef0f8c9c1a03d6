"""Libraries that read the trading day, on bars small enough to be reckoned by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pinery


def plots(
    body: str, times: Sequence[datetime], bars: Sequence[tuple[float, float, float, float]]
) -> dict[str, list[float]]:
    """What the script plots on half-hour bars of (open, high, low, close)."""
    columns: dict[str, Any] = {
        "time": [int(at.timestamp() * 1000) for at in times],
        **{name: [bar[k] for bar in bars] for k, name in enumerate(("open", "high", "low", "close"))},
        "volume": [10.0] * len(bars),
    }
    script = f'//@version=6\nindicator("T")\n{body}'
    return dict(pinery.run(script, bars=columns, symbol="CME_MINI:ES1!", timeframe="30").plots)


def day(year: int, month: int, date: int, first: int, last: int) -> list[datetime]:
    """Half-hours of a day in UTC, from and to full hours."""
    return [datetime(year, month, date, hour, minute, tzinfo=UTC) for hour in range(first, last) for minute in (0, 30)]


def test_anchors_follow_daylight_saving_and_skip_closed_days() -> None:
    # New York goes to summer time on Sunday 10 March; the market opens on its evening.
    times = day(2024, 3, 8, 13, 16) + day(2024, 3, 10, 22, 24) + day(2024, 3, 11, 12, 16)
    bars = [(100.0 + i, 101.0 + i, 99.0 + i, 100.5 + i) for i in range(len(times))]
    got = plots(
        """import Pinery/spx/1 as spx
import Pinery/levels/1 as levels
day = spx.opening()
plot(day.starts ? 1 : 0, "starts")
plot(day.price, "price")
plot(day.close, "close")
plot(levels.started("0930", "America/New_York") ? 1 : 0, "passed")""",
        times,
        bars,
    )
    starts = [at for at, value in zip(times, got["starts"], strict=True) if value]
    assert starts == [datetime(2024, 3, 8, 14, 30, tzinfo=UTC), datetime(2024, 3, 11, 13, 30, tzinfo=UTC)]
    # The Sunday's own 09:30 had no bar: it has passed on the first one after it.
    assert [at for at, value in zip(times, got["passed"], strict=True) if value] == sorted([*starts, times[6]])
    assert got["price"][-1] == 100.0 + times.index(starts[1])
    assert got["close"][-1] == 100.5 + times.index(datetime(2024, 3, 8, 15, 30, tzinfo=UTC))


def test_a_swing_is_marked_when_price_comes_back_from_its_end() -> None:
    closes = [100.0, 110.0, 90.0, 88.0, 91.0, 92.0, 109.0, 106.0]
    got = plots(
        """import Pinery/spx/1 as spx
[bottom, top, low_, high_] = spx.swings(bar_index == 0, 20, 20, 2)
plot(bottom ? low_ : 0, "bottom")
plot(top ? high_ : 0, "top")""",
        day(2024, 1, 3, 10, 14),
        [(close, close, close, close) for close in closes],
    )
    assert got["bottom"] == [0, 0, 0, 0, 88, 0, 0, 0]  # 22 points under 110, 3 back
    assert got["top"] == [0, 0, 0, 0, 0, 0, 0, 109]  # 21 points over 88, 3 back


def test_a_step_is_never_in_and_out_at_once() -> None:
    closes = [100.0, 100.0, 110.0, 104.0, 104.0, 92.0]
    got = plots(
        """import Pinery/steps/1 as steps
[up, down] = steps.turns(close, 3, 3)
plot(up ? 1 : 0, "up")
plot(down ? 1 : 0, "down")""",
        day(2024, 1, 3, 10, 13),
        [(close, close, close, close) for close in closes],
    )
    assert got["up"] == [0, 0, 1, 0, 0, 0]
    assert got["down"] == [0, 0, 0, 1, 1, 1]
