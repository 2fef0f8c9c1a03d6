from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.emulator.trades import TradeRecord

HOUR = 3_600_000
START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def bars_of() -> Callable[..., BarSeries]:
    """Bars with these closes; highs and lows are 2 away. Hourly from 2024-01-01, or at the times given."""

    def make(closes: Sequence[float], times: Sequence[int] | None = None) -> BarSeries:
        close = np.array(closes, dtype=float)
        opens = np.concatenate((close[:1], close[:-1]))
        time = [START + HOUR * i for i in range(len(close))] if times is None else times
        return BarSeries(np.array(time, dtype=np.int64), opens, close + 2, close - 2, close, np.ones(len(close)))

    return make


@pytest.fixture
def trade() -> Callable[..., TradeRecord]:
    """A trade of ``bars`` from one bar's price to another's; its profit follows."""

    def make(
        number: int,
        direction: int,
        qty: float,
        entry: tuple[int, float],
        exit: tuple[int, float],
        *,
        bars: BarSeries,
        commission: float = 0.0,
        runup: float = 1e9,
        drawdown: float = 1e9,
        **other: object,
    ) -> TradeRecord:
        profit = direction * (exit[1] - entry[1]) * qty - commission
        value = entry[1] * qty
        fields: dict[str, object] = {
            "entry_id": "in",
            "entry_signal": "in",
            "exit_id": "out",
            "exit_signal": "out",
            "max_runup": runup,
            "max_runup_percent": runup / value * 100,
            "max_drawdown": drawdown,
            "max_drawdown_percent": drawdown / value * 100,
            "cumulative_profit": 0.0,
            "cumulative_profit_percent": 0.0,
            "profit": profit,
            "profit_percent": profit / value * 100,
        }
        return TradeRecord(
            number=number,
            direction=direction,
            qty=qty,
            entry_price=entry[1],
            entry_bar=entry[0],
            entry_time=int(bars.time[entry[0]]),
            exit_price=exit[1],
            exit_bar=exit[0],
            exit_time=int(bars.time[exit[0]]),
            commission=commission,
            **{**fields, **other},  # type: ignore[arg-type]
        )

    return make
