"""Figures of a small run, worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.emulator.trades import TradeRecord
from pinery.tester.statistics import METRICS, Facts, Intrabar, Metrics, compute

HOUR = 3_600_000


@pytest.fixture
def run(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> Facts:
    """A long that wins 38, a short that wins 24, a long that loses 11, a long open with 5; each paid 1 or 2."""
    bars = bars_of([100, 110, 105, 120, 90, 95, 85, 90])
    trades = [
        trade(1, 1, 2, (0, 100), (3, 120), bars=bars, commission=2, runup=44, drawdown=4),
        trade(2, -1, 1, (3, 120), (5, 95), bars=bars, commission=1, runup=32, drawdown=2),
        trade(3, 1, 1, (5, 95), (6, 85), bars=bars, commission=1, runup=2, drawdown=12),
        trade(
            4, 1, 1, (6, 85), (7, 90), bars=bars, commission=0, runup=7, drawdown=0, is_open=True, exit_signal="Open"
        ),
    ]
    return Facts(bars, trades, 1000.0, int(bars.time[-1]) + HOUR)


@pytest.fixture
def metrics(run: Facts) -> Metrics:
    return compute(run)


@pytest.mark.parametrize(
    ("name", "all_trades", "long", "short"),
    [
        ("net_profit", 51, 27, 24),
        ("net_profit_percent", 5.1, 2.7, 2.4),
        ("gross_profit", 62, 38, 24),
        ("gross_loss", 11, 11, 0),
        ("open_profit", 5, 5, 0),
        ("commission", 4, 3, 1),
        ("closed_trades", 3, 2, 1),
        ("open_trades", 1, 1, 0),
        ("winning_trades", 2, 1, 1),
        ("losing_trades", 1, 1, 0),
        ("even_trades", 0, 0, 0),
        ("percent_profitable", 200 / 3, 50, 100),
        ("average_trade", 17, 13.5, 24),
        ("average_trade_percent", (19 + 20 - 1100 / 95) / 3, (19 - 1100 / 95) / 2, 20),
        ("average_win", 31, 38, 24),
        ("average_loss", 11, 11, math.nan),
        ("win_loss_ratio", 31 / 11, 38 / 11, math.nan),
        ("profit_factor", 62 / 11, 38 / 11, math.nan),
        ("largest_win", 38, 38, 24),
        ("largest_win_percent", 20, 19, 20),
        ("largest_loss", 11, 11, math.nan),
        ("largest_loss_percent", 1100 / 95, 1100 / 95, math.nan),
        ("expectancy", 17 / 11, 13.5 / 11, math.nan),
        ("average_bars", 3, 3, 3),  # 4, 3 and 2 bars
        ("average_bars_winning", 3.5, 4, 3),
        ("average_bars_losing", 2, 2, math.nan),
        ("average_hold_hours", 2, 2, 2),
        ("max_consecutive_wins", 2, 1, 1),
        ("max_consecutive_losses", 1, 1, 0),
        ("margin_calls", 0, 0, 0),
        ("max_contracts", 2, 2, 1),
        ("exposure_percent", 100, 87.5, 37.5),  # long: all but bar 4; short: bars 3 to 5
        ("buy_and_hold", -100, math.nan, math.nan),  # bought at 100, the last close is 90
        ("buy_and_hold_percent", -10, math.nan, math.nan),
        # equity: 1000 1020 1010 1038 1068 1062 1051 1056
        ("max_drawdown_close", 17, 11, 6),
        ("max_drawdown_close_percent", 17 / 1068 * 100, 11 / 1038 * 100, 6 / 1030 * 100),
        ("max_runup_close", 68, 38, 30),
        # all: 1062 to 1050, as far as the third trade fell; long: 1038 to 1026; short: 1000 to 998
        ("max_drawdown", 12, 12, 2),
        # all: 1000 to 1070, closed trades at 1038 and the low of 88 for the short; long: 1000 to 1044, no less than
        # the first trade's best; short: 1000 to 1032
        ("max_runup", 70, 44, 32),
        ("longest_drawdown_days", 3 / 24, 2 / 24, 3 / 24),
    ],
)
def test_figures(metrics: Metrics, name: str, all_trades: float, long: float, short: float) -> None:
    for found, wanted in ((metrics.all, all_trades), (metrics.long, long), (metrics.short, short)):
        assert found[name] == pytest.approx(wanted, nan_ok=True), name


def test_equity_of_a_side_holds_its_trades_only(run: Facts) -> None:
    from pinery.tester.statistics import Side

    assert Side(run, "all").curves.close.tolist() == [1000, 1020, 1010, 1038, 1068, 1062, 1051, 1056]
    assert Side(run, "short", -1).curves.close.tolist() == [1000, 1000, 1000, 1000, 1030, 1024, 1024, 1024]


def test_brokers_own_figures_come_first(run: Facts) -> None:
    from dataclasses import replace

    known = replace(run, intrabar=Intrabar(33, 3.3, 71, 7.1), max_contracts=(5.0, 1.0), equity=np.full(8, 1000.0))
    metrics = compute(known)
    assert (metrics["max_drawdown"], metrics["max_drawdown_percent"], metrics["max_runup"]) == (33, 3.3, 71)
    assert (metrics.all["max_contracts"], metrics.long["max_contracts"], metrics.short["max_contracts"]) == (5, 5, 1)
    assert metrics["max_drawdown_close"] == 0
    assert metrics.long["max_drawdown"] == pytest.approx(12)


def test_without_trades_what_cannot_be_known_is_na(bars_of: Callable[..., BarSeries]) -> None:
    bars = bars_of([100, 101])
    metrics = compute(Facts(bars, [], 1000.0, int(bars.time[-1]) + HOUR))
    undefined = {name for name, value in metrics.all.items() if math.isnan(value)}
    assert {
        "percent_profitable",
        "profit_factor",
        "average_trade",
        "sharpe_ratio",
        "largest_loss",
        "buy_and_hold",
    } <= undefined
    assert metrics["net_profit"] == metrics["closed_trades"] == metrics["exposure_percent"] == 0
    assert metrics.as_data()["all"]["profit_factor"] is None


def test_money_of_another_currency_is_converted_at_each_bars_rate(
    bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]
) -> None:
    bars = bars_of([100, 110, 110])
    held = trade(1, 1, 1, (0, 100), (2, 110), bars=bars, is_open=True, profit=20.0)
    facts = Facts(bars, [held], 1000.0, int(bars.time[-1]) + HOUR, rates=np.array([1.0, 1.5, 2.0]))
    metrics = compute(facts)
    assert metrics["max_runup_close"] == pytest.approx(20)  # 10 × 2
    assert metrics["buy_and_hold"] == pytest.approx(1000 * (110 * 2 / 100 - 1))


def test_a_future_is_worth_its_point_value(
    bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]
) -> None:
    bars = bars_of([100, 110, 104])
    held = trade(1, 1, 1, (0, 100), (2, 104), bars=bars, profit=200.0)
    assert compute(Facts(bars, [held], 1000.0, int(bars.time[-1]) + HOUR, pointvalue=50.0))["max_drawdown_close"] == 300


def test_margin_calls_count_liquidations_not_trades(
    bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]
) -> None:
    bars = bars_of([100, 90, 80])
    trades = [
        trade(1, 1, 1, (0, 100), (1, 90), bars=bars, exit_signal="Margin call"),
        trade(2, 1, 1, (0, 100), (1, 90), bars=bars, exit_signal="Margin call"),
        trade(3, 1, 1, (0, 100), (2, 80), bars=bars, exit_signal="Margin call"),
    ]
    assert compute(Facts(bars, trades, 1000.0, int(bars.time[-1]) + HOUR))["margin_calls"] == 2


def ms(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def four_months(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> Facts:
    """+100 in January, nothing in February, −110 in March, +99 in April, on 1000."""
    times = [ms(2024, 1, 1), ms(2024, 1, 31), ms(2024, 2, 29), ms(2024, 3, 31), ms(2024, 4, 30)]
    bars = bars_of([100, 200, 200, 90, 189], times)
    trades = [
        trade(1, 1, 1, (0, 100), (1, 200), bars=bars),
        trade(2, 1, 1, (2, 200), (3, 90), bars=bars),
        trade(3, 1, 1, (3, 90), (4, 189), bars=bars),
    ]
    return Facts(bars, trades, 1000.0, ms(2024, 5, 1))


def test_sharpe_and_sortino_of_monthly_returns(four_months: Facts) -> None:
    returns = [0.1, 0.0, -0.1, 0.1]  # of 1000, 1100, 1100, 990
    free = 0.02 / 12
    mean = sum(returns) / 4
    deviation = math.sqrt(sum((r - mean) ** 2 for r in returns) / 4)
    below = math.sqrt(((0.0 - free) ** 2 + (-0.1 - free) ** 2) / 4)
    metrics = compute(four_months)
    assert metrics["sharpe_ratio"] == pytest.approx((mean - free) / deviation)
    assert metrics["sortino_ratio"] == pytest.approx((mean - free) / below)


def test_months_and_years(four_months: Facts) -> None:
    metrics = compute(four_months)
    assert [(p.year, p.month, p.profit, p.trades) for p in metrics.monthly] == [
        (2024, 1, 100, 1),
        (2024, 2, 0, 0),
        (2024, 3, -110, 1),
        (2024, 4, 99, 1),
    ]
    assert [p.return_percent for p in metrics.monthly] == pytest.approx([10, 0, -10, 10])
    (year,) = metrics.yearly
    assert (year.year, year.month, year.profit, year.trades) == (2024, 0, 89, 3)
    assert year.return_percent == pytest.approx(8.9)


def test_months_are_those_of_the_exchange(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> None:
    bars = bars_of([100, 110], [ms(2024, 1, 31, 20), ms(2024, 1, 31, 23)])  # in Tokyo the second of February begins
    one = trade(1, 1, 1, (0, 100), (1, 110), bars=bars)
    metrics = compute(Facts(bars, [one], 1000.0, ms(2024, 2, 1), timezone="Asia/Tokyo"))
    assert [(p.month, p.profit) for p in metrics.monthly] == [(2, 10)]


def test_annual_return(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> None:
    bars = bars_of([100, 110], [ms(2022, 1, 1), ms(2023, 12, 31, 0)])
    one = trade(1, 1, 21, (0, 100), (1, 110), bars=bars)
    years = 730.5
    facts = Facts(bars, [one], 1000.0, ms(2022, 1, 1) + int(years * 86_400_000))
    assert compute(facts)["cagr_percent"] == pytest.approx(10)  # 1210 after exactly two years


def test_ruin(bars_of: Callable[..., BarSeries], trade: Callable[..., TradeRecord]) -> None:
    bars = bars_of([100, 10, 10, 10], [ms(2024, m, 1) for m in (1, 2, 3, 4)])
    one = trade(1, 1, 20, (0, 100), (1, 10), bars=bars)
    metrics = compute(Facts(bars, [one], 1000.0, ms(2024, 5, 1)))
    assert metrics["net_profit"] == -1800
    assert metrics["cagr_percent"] == -100
    assert math.isnan(metrics["sharpe_ratio"])
    assert math.isnan(metrics.monthly[-1].return_percent)


def test_every_figure_says_what_it_is() -> None:
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS) > 50
    for metric in METRICS.values():
        assert metric.formula and metric.unit and metric.name.isidentifier()
