"""Made-up markets: of a plausible size, in the hours of their symbol, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from pinery.adapters.feeds.synthetic import synthetic_bars
from pinery.market.symbols import lookup
from pinery.runtime.sessions import trading_calendar


@pytest.mark.parametrize(
    ("symbol", "low", "high", "minutes_a_week"),
    [
        ("CME_MINI:ES1!", 4500, 6500, 5 * 23 * 60),
        ("CME_MINI:NQ1!", 15_000, 23_000, 5 * 23 * 60),
        ("BINANCE:ETHUSDT.P", 1500, 5000, 7 * 24 * 60),
        ("NYMEX:CL1!", 40, 110, 5 * 23 * 60),
        ("SP:SPX", 4500, 6500, 5 * 390),
        ("AMEX:SPY", 450, 650, 5 * 390),
        ("NASDAQ:AAPL", 60, 170, 5 * 390),
    ],
)
def test_prices_and_hours(symbol: str, low: float, high: float, minutes_a_week: int) -> None:
    bars, instrument = synthetic_bars(symbol), lookup(symbol)
    assert len(bars) == 8 * minutes_a_week
    assert low < bars.low.min() and bars.high.max() < high
    assert (np.diff(bars.time) >= 60_000).all()
    calendar = trading_calendar(instrument)
    assert all(calendar.holds(time) for time in bars.time[::53].tolist())
    ticks = bars.close / instrument.mintick
    assert np.allclose(ticks, np.rint(ticks), atol=1e-6)


def test_every_symbol_has_its_own() -> None:
    one, other = synthetic_bars("CME_MINI:ES1!"), synthetic_bars("CME_MINI:NQ1!")
    assert abs(np.corrcoef(np.diff(one.close), np.diff(other.close))[0, 1]) < 0.1


def test_it_is_the_same_on_every_machine() -> None:
    bars = synthetic_bars("CME_MINI:ES1!")
    assert (bars.time[0], bars.open[0], bars.close[-1]) == (1757282400000, 5400.0, 5359.75)
