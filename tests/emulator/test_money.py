"""Sizes, commissions, slippage, margin and currencies."""

from __future__ import annotations

import math

import pytest

from pinery.core.instrument import Instrument
from pinery.runtime.requests import NullData
from tests.emulator.market import flat, play, trades

BUY = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
ROUND = BUY + 'if bar_index == 1\n    strategy.close("L")'


def size(settings: str, close: float = 30, fill: float = 31) -> float:
    bars = [(close, close, close, close), (fill, fill, fill, fill)]
    broker, _ = play(BUY, bars, "initial_capital=1000, " + settings)
    return sum(t.qty for t in broker.trades())


@pytest.mark.parametrize(
    ("settings", "units"),
    [
        ("default_qty_type=strategy.fixed, default_qty_value=2.505", 2.5),
        ("default_qty_type=strategy.cash, default_qty_value=100", 3.33),
        ("default_qty_type=strategy.percent_of_equity, default_qty_value=50", 16.66),
        # A percentage fee is set aside before sizing, a flat fee is taken off the amount.
        ("default_qty_type=strategy.percent_of_equity, default_qty_value=50, commission_value=1", 16.50),
        (
            "default_qty_type=strategy.percent_of_equity, default_qty_value=50, "
            "commission_type=strategy.commission.cash_per_order, commission_value=20",
            16.0,
        ),
    ],
)
def test_default_sizes_go_by_the_close_of_the_signal_bar(settings: str, units: float) -> None:
    assert size(settings) == units


def test_default_size_at_a_price_as_scripts_ask_for_it() -> None:
    _, result = play(
        "plot(strategy.default_entry_qty(50))",
        flat(100, 2),
        "initial_capital=1000, default_qty_type=strategy.cash, default_qty_value=120",
    )
    assert result.outputs.plot_columns()[0][1] == [2.4, 2.4]


@pytest.mark.parametrize(
    ("kind", "value", "fees"),
    [("percent", 1, 0.01 * 5 * (100 + 110)), ("cash_per_contract", 0.5, 5.0), ("cash_per_order", 2, 4.0)],
)
def test_commission_of_entry_and_exit(kind: str, value: float, fees: float) -> None:
    bars = [(100, 100, 100, 100), (100, 100, 100, 100), (110, 110, 110, 110)]
    settings = f"default_qty_value=5, commission_type=strategy.commission.{kind}, commission_value={value}"
    broker, _ = play(ROUND, bars, settings)
    (trade,) = broker.trades()
    assert trade.commission == pytest.approx(fees)
    assert trade.profit == pytest.approx(50 - fees)
    assert trade.profit_percent == pytest.approx((50 - fees) / 500 * 100)


def test_slippage_worsens_market_and_stop_fills_and_leaves_limits_alone() -> None:
    bars = [(100, 100, 100, 100), (100, 112, 88, 100), (100, 100, 100, 100)]
    body = BUY + '    strategy.exit("X", "L", PRICE)'
    assert trades(body.replace("PRICE", "limit=110"), bars, "slippage=3")[0][2:6] == (100.03, "X", 1, 110)
    assert trades(body.replace("PRICE", "stop=90"), bars, "slippage=3")[0][2:6] == (100.03, "X", 1, 89.97)


def test_an_order_beyond_the_means_is_dropped_whole() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=UNITS)'
    for units, count in (("10", 1), ("10.01", 0)):
        assert len(trades(body.replace("UNITS", units), flat(100, 3), "initial_capital=1000")) == count
    assert len(trades(body.replace("UNITS", "40"), flat(100, 3), "initial_capital=1000, margin_long=25")) == 1
    assert len(trades(body.replace("UNITS", "4000"), flat(100, 3), "initial_capital=1000, margin_long=0")) == 1


def test_raw_orders_need_means_too() -> None:
    body = 'if bar_index == 0\n    strategy.order("R", strategy.long, qty=UNITS)'
    assert len(trades(body.replace("UNITS", "10"), flat(100, 3), "initial_capital=1000")) == 1
    assert trades(body.replace("UNITS", "11"), flat(100, 3), "initial_capital=1000") == []


def test_of_a_reversal_beyond_the_means_the_closing_part_is_left() -> None:
    body = BUY + 'if bar_index == 1\n    strategy.entry("S", strategy.short, qty=11)'
    assert trades(body, flat(100, 4), "initial_capital=1000") == [("L", 1, 100, "S", 2, 100, 1)]


def test_a_margin_call_liquidates_four_times_the_loss() -> None:
    """The worked example of TradingView's guide: 682,438 shares at 4.43 with 25 % margin, called at 3.9."""
    shares = Instrument("NASDAQ", "TSLA", pricescale=100, qty_step=1, currency="USD")
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=682438)'
    bars = [(4.43, 4.43, 4.43, 4.43), (4.43, 4.5, 4.4, 4.45), (4.2, 4.3, 3.9, 4.0), (4, 4, 4, 4)]
    broker, _ = play(body, bars, "initial_capital=1000000, margin_long=25", instrument=shares)
    called = broker.trades()[0]
    assert (called.exit_signal, called.qty, called.exit_price, called.exit_bar) == ("Margin call", 111_052, 3.9, 2)
    assert broker.margin_calls == 1


def test_a_short_is_called_at_the_high_of_the_bar() -> None:
    body = 'if bar_index == 0\n    strategy.entry("S", strategy.short, qty=10)'
    bars = [(100, 100, 100, 100), (100, 104, 90, 95), (95, 95, 95, 95)]
    # At 104: funds 1000 - 40 - 1040 = -80, so 0.76 units restore the margin.
    assert [(t[3], t[4], t[5], t[6]) for t in trades(body, bars, "initial_capital=1000")] == [
        ("Margin call", 1, 104, -3.04),
        ("Open", 2, 95, -6.96),
    ]


def test_liquidation_price() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=40)\nplot(strategy.margin_liquidation_price)'
    _, result = play(body, flat(100, 3), "initial_capital=1000, margin_long=25")
    prices = result.outputs.plot_columns()[0][1]
    assert math.isnan(prices[0])
    assert prices[2] == pytest.approx(100.0)  # 40 * p * 0.25 = 1000 + 40 * (p - 100)


class Rates(NullData):
    """Euro at 1.10, 1.20 and 1.30 dollars on three days."""

    def currency_rate(self, from_currency: str, to_currency: str, time: int) -> float | None:
        day = (time - 1_700_006_400_000) // 86_400_000
        return (1.10, 1.20, 1.30)[day] if (from_currency, to_currency) == ("EUR", "USD") else None


def test_profit_is_converted_at_the_rate_of_the_exits_day() -> None:
    euro = Instrument("TEST", "COIN", pricescale=100, qty_step=0.01, currency="EUR")
    body = (
        'if bar_index == 25\n    strategy.entry("L", strategy.long)\nif bar_index == 50\n    strategy.close("L")\n'
        "plot(strategy.convert_to_account(10))\nplot(strategy.convert_to_symbol(12))"
    )
    bars = [*flat(100, 50), *flat(110, 5)]
    settings = "currency=currency.USD, default_qty_type=strategy.cash, default_qty_value=240"
    broker, result = play(body, bars, settings, instrument=euro, data=Rates())
    (trade,) = broker.trades()
    assert trade.qty == 2.0  # 240 dollars at 1.20 on the day of the signal
    assert trade.profit == pytest.approx(2 * 10 * 1.30)
    account = result.outputs.plot_columns()[0][1]
    assert account[0] == 10.0  # on the first day the rate is 1
    assert account[25] == pytest.approx(12.0)
    assert result.outputs.plot_columns()[1][1][25] == pytest.approx(10.0)


def test_without_a_rate_a_warning_says_so() -> None:
    _, result = play(BUY, flat(100, 30), "currency=currency.JPY")
    assert any("JPY" in warning for warning in result.warnings)
