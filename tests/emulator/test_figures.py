"""What scripts and traders are told of the account: figures, trades, alerts, the equity curve."""

from __future__ import annotations

import math

import pytest

from tests.emulator.market import flat, play

BODY = (
    'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=2, comment="in", alert_message="go")\n'
    'if bar_index == 2\n    strategy.close("L", comment="out")\n'
    'if bar_index == 4\n    strategy.entry("S", strategy.short, qty=1)\n'
)
BARS = [
    *flat(100, 1),
    (100.0, 112.0, 98.0, 110.0),
    (110.0, 111.0, 104.0, 105.0),
    (106.0, 106.0, 106.0, 106.0),
    *flat(106, 1),
    (106.0, 109.0, 101.0, 108.0),
]


def values(expression: str, settings: str = "initial_capital=1000") -> list[float]:
    _, result = play(BODY + f"plot({expression})", BARS, settings)
    return result.outputs.plot_columns()[0][1]


def test_figures_of_the_account() -> None:
    assert values("strategy.equity") == [1000, 1020, 1010, 1012, 1012, 1010]
    assert values("strategy.netprofit") == [0, 0, 0, 12, 12, 12]
    assert values("strategy.openprofit") == [0, 20, 10, 0, 0, -2]
    assert values("strategy.position_size") == [0, 2, 2, 0, 0, -1]
    assert values("strategy.position_avg_price")[1:3] == [100, 100]
    assert math.isnan(values("strategy.position_avg_price")[0])
    assert values("strategy.opentrades") == [0, 1, 1, 0, 0, 1]
    assert values("strategy.closedtrades") == [0, 0, 0, 1, 1, 1]
    assert values("strategy.wintrades")[-1] == 1
    assert values("strategy.max_contracts_held_all") == [0, 2, 2, 2, 2, 2]
    assert values("strategy.opentrades.capital_held") == [0, 220, 210, 0, 0, 108]
    assert values("strategy.avg_trade_percent")[-1] == pytest.approx(6)


def test_drawdown_and_run_up_count_prices_inside_bars() -> None:
    assert values("strategy.max_drawdown") == [0, 4, 4, 4, 4, 4]  # 98 after an entry at 100
    assert values("strategy.max_runup") == [0, 24, 24, 24, 24, 24]


def test_figures_of_single_trades() -> None:
    assert values("strategy.opentrades.profit(0)")[1:3] == [20, 10]
    assert values("strategy.opentrades.max_runup(0)")[1:3] == [24, 24]
    assert values("strategy.opentrades.max_drawdown(0)")[1:3] == [4, 4]
    assert values("strategy.opentrades.entry_bar_index(0)")[1] == 1
    assert values("strategy.opentrades.size(0)")[-1] == -1
    assert values("strategy.closedtrades.profit(0)")[-1] == 12
    assert values("strategy.closedtrades.exit_bar_index(0)")[-1] == 3
    assert values("strategy.closedtrades.max_drawdown(0)")[-1] == 4
    assert math.isnan(values("strategy.closedtrades.profit(1)")[-1])
    assert values("str.length(strategy.closedtrades.exit_comment(0) + strategy.closedtrades.entry_id(0))")[-1] == 4


def test_the_equity_curve_is_what_scripts_saw() -> None:
    broker, result = play(BODY + "plot(strategy.equity)", BARS, "initial_capital=1000, commission_value=0.5")
    seen = result.outputs.plot_columns()[0][1]
    assert (broker.curve.closed + broker.curve.open).tolist() == pytest.approx(seen)


def test_the_list_of_trades_adds_up() -> None:
    broker, _ = play(BODY, BARS, "initial_capital=1000")
    first, second = broker.trades()
    assert (first.entry_signal, first.exit_signal, first.profit, first.profit_percent) == ("in", "out", 12, 6)
    assert (first.max_runup, first.max_drawdown, first.cumulative_profit_percent) == (24, 4, 1.2)
    assert second.is_open
    assert (second.exit_signal, second.cumulative_profit) == ("Open", 10)


def test_order_fills_are_alerts() -> None:
    _, result = play(BODY, BARS)
    assert [(a.kind, a.bar_index, a.title, a.message) for a in result.outputs.alerts] == [
        ("order", 1, "in", "go"),
        ("order", 3, "out", "order sell @ 2 filled on COIN. New strategy position is 0"),
        ("order", 5, "S", "order sell @ 1 filled on COIN. New strategy position is -1"),
    ]


def test_placeholders_of_order_fill_alerts() -> None:
    names = (
        "position_size order.action order.contracts order.price order.id order.comment order.alert_message "
        "market_position market_position_size prev_market_position prev_market_position_size"
    )
    template = "|".join(f"{{{{strategy.{name}}}}}" for name in names.split()) + "|{{ticker}}|{{close}}|{{unknown}}"
    _, result = play(BODY, BARS, template=template)
    assert [a.message for a in result.outputs.alerts] == [
        "2|buy|2|100|L|in|go|long|2|flat|0|COIN|110|{{unknown}}",
        "0|sell|2|106|Close entry(s) order L|out||flat|0|long|2|COIN|106|{{unknown}}",
        "-1|sell|1|106|S|S||short|1|flat|0|COIN|108|{{unknown}}",
    ]


def test_alerts_can_be_switched_off_by_order() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, disable_alert=true)'
    _, result = play(body, flat(100, 3))
    assert result.outputs.alerts == []


def test_swings_before_an_exit_at_the_close_belong_to_the_trade_that_exits() -> None:
    body = (
        'if bar_index == 1\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 3\n    strategy.entry("S", strategy.short)'
    )
    bars = [*flat(100.0, 2), (100.0, 120.0, 90.0, 100.0), *flat(100.0, 3)]
    broker, _ = play(body, bars, "process_orders_on_close=true")
    first, second = broker.trades()
    assert (first.max_runup, first.max_drawdown) == (20.0, 10.0)
    assert (second.max_runup, second.max_drawdown) == (0.0, 0.0)
