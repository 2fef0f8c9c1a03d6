"""A backtest's parts agree with each other: trades, equity, figures."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import pinery
from pinery.tester.statistics.curves import curves

MANY = """
fast = ta.sma(close, 5)
slow = ta.sma(close, 12)
if ta.crossover(fast, slow)
    strategy.entry("Long", strategy.long)
if ta.crossunder(fast, slow)
    strategy.entry("Short", strategy.short)
"""
ADDED = """
if bar_index % 3 == 0
    strategy.entry("A" + str.tostring(bar_index % 5), strategy.long, qty = 1 + bar_index % 3)
if bar_index % 17 == 0
    strategy.close_all()
strategy.exit("Part", qty_percent = 50, profit = 300, loss = 500)
"""
INSIDE = """
strategy.entry("In", bar_index % 2 == 0 ? strategy.long : strategy.short, stop = bar_index % 2 == 0 ? high : low)
strategy.exit("Out", "In", profit = 40, loss = 60)
"""


def run(body: str, settings: str = "") -> pinery.BacktestResult:
    return pinery.backtest(
        f'//@version=6\nstrategy("Test", initial_capital = 1000000, pyramiding = 3{settings})\n{body}',
        bars="synthetic:800",
        timeframe="15",
        symbol="CME_MINI:ES1!",
    )


@pytest.mark.parametrize("body", [MANY, ADDED, INSIDE])
def test_equity_is_capital_and_the_trades_profits_at_every_bar(body: str) -> None:
    result = run(body)
    assert len(result.trades) > 30
    made = curves(result.bars, result.trades, 1_000_000.0, pointvalue=50.0)
    assert np.allclose(made.close, result.equity, rtol=0, atol=1e-6)
    assert (made.low <= made.close + 1e-9).all() and (made.close <= made.high + 1e-9).all()
    sums = result.metrics
    assert result.equity[-1] - 1_000_000 == pytest.approx(sums["net_profit"] + sums["open_profit"])
    assert sum(t.profit for t in result.trades) == pytest.approx(sums["net_profit"] + sums["open_profit"])


@pytest.mark.parametrize("body", [MANY, ADDED, INSIDE])
def test_sides_add_up(body: str) -> None:
    metrics = run(body, ", commission_type = strategy.commission.cash_per_contract, commission_value = 2").metrics
    for name in (
        "net_profit",
        "gross_profit",
        "gross_loss",
        "open_profit",
        "commission",
        "closed_trades",
        "open_trades",
    ):
        assert metrics[name] == pytest.approx(metrics.long[name] + metrics.short[name]), name
    assert metrics["closed_trades"] == metrics["winning_trades"] + metrics["losing_trades"] + metrics["even_trades"]
    assert sum(period.trades for period in metrics.monthly) == metrics["closed_trades"]
    assert sum(period.profit for period in metrics.yearly) == pytest.approx(metrics["net_profit"])


def test_the_figures_are_those_the_script_sees() -> None:
    shown = [
        "netprofit", "grossprofit", "grossloss", "openprofit", "max_drawdown", "max_runup", "wintrades", "losstrades",
        "eventrades", "closedtrades", "opentrades", "max_contracts_held_all",
    ]  # fmt: skip
    plots = "\n".join(f'plot(strategy.{name}, "{name}")' for name in shown)
    result = run(INSIDE + plots)
    names = {
        "netprofit": "net_profit",
        "grossprofit": "gross_profit",
        "grossloss": "gross_loss",
        "openprofit": "open_profit",
        "wintrades": "winning_trades",
        "losstrades": "losing_trades",
        "eventrades": "even_trades",
        "closedtrades": "closed_trades",
        "opentrades": "open_trades",
        "max_contracts_held_all": "max_contracts",
    }
    for name in shown:
        assert result.metrics[names.get(name, name)] == pytest.approx(result.plots[name][-1]), name


def test_costs_never_help() -> None:
    free = run(MANY).metrics["net_profit"]
    paid = run(MANY, ", commission_type = strategy.commission.percent, commission_value = 0.01")
    slipped = run(MANY, ", slippage = 3")
    assert paid.metrics["net_profit"] < free and paid.metrics["commission"] > 0
    # each trade closed pays three ticks in and three out, one still open has paid three
    ticks = 6 * slipped.metrics["closed_trades"] + 3 * slipped.metrics["open_trades"]
    assert slipped.metrics["slippage_cost"] == pytest.approx(ticks * 12.5)
    assert slipped.metrics["net_profit"] == pytest.approx(free - 6 * 12.5 * slipped.metrics["closed_trades"])


def test_list_of_trades_is_that_of_the_trades() -> None:
    result = run(ADDED)
    lines = result._tested.result.trade_list().splitlines()
    assert len(lines) == 1 + 2 * len(result.trades)
    assert all(re.match(r"\d+,(Exit|Entry) long,", line) for line in lines[1:])


def test_rules_without_trades() -> None:
    result = run("plot(close)")
    assert result.trades == [] and set(result.equity) == {1_000_000}
    assert math.isnan(result.metrics["percent_profitable"])
    assert "the strategy made no trades on these bars" in result.warnings


def test_orders_too_small_for_the_symbol_are_named() -> None:
    size = ", default_qty_type = strategy.cash, default_qty_value = 1000"
    assert any("less than 1, the symbol's smallest" in text for text in run(MANY, size).warnings)
    assert not any("smallest" in text for text in run(MANY).warnings)


def test_excursions_are_after_the_entrys_commission() -> None:
    """As in TradingView's exports: of a run with fees, the best is lower and the worst deeper by the entry's fee."""
    fee = ", commission_type = strategy.commission.cash_per_contract, commission_value = 2"
    for free, paid in zip(run(MANY).trades, run(MANY, fee).trades, strict=True):
        assert paid.max_runup == pytest.approx(max(0, free.max_runup - 2))
        assert paid.max_drawdown == pytest.approx(free.max_drawdown + 2)
