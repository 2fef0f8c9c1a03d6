"""Order commands as records, and the figures of an account without trades."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from pinery.core.instrument import Instrument
from pinery.runtime import strategy
from pinery.runtime.no_broker import floor_to_step
from pinery.runtime.strategy import ExitOrder, NoBroker, Order, StrategySettings, Trade

ETH = Instrument("BINANCE", "ETHUSDT.P", qty_step=0.0001, pricescale=100, currency="USDT")


def runtime(broker: NoBroker | None = None, *, is_request: bool = False) -> Any:
    return SimpleNamespace(
        strategy=broker or NoBroker(instrument=ETH), bar_index=7, time=1_700_000_000_000, is_request=is_request
    )


def test_an_entry_is_kept_with_its_bar_and_arguments() -> None:
    rt = runtime()
    strategy.entry(rt, "L", "long", 2, math.nan, 101.5, comment="go")
    (command,) = rt.strategy.commands
    assert isinstance(command, Order)
    assert (command.command, command.bar_index, command.time) == ("entry", 7, 1_700_000_000_000)
    assert (command.id, command.direction, command.qty, command.stop, command.comment) == ("L", "long", 2, 101.5, "go")
    assert math.isnan(command.limit)


def test_a_false_or_na_condition_places_nothing() -> None:
    rt = runtime()
    for when in (False, None):
        strategy.entry_early(rt, "L", True, when=when)
        strategy.order(rt, "L", "long", when=when)
        strategy.exit_early(rt, "X", "L", when=when)
        strategy.close_early(rt, "L", when)
        strategy.close_all_early(rt, when)
        strategy.cancel(rt, "L", when)
        strategy.cancel_all(rt, when)
    assert rt.strategy.commands == []


def test_v4_direction_as_bool() -> None:
    rt = runtime()
    strategy.entry_early(rt, "L", True)
    strategy.entry_early(rt, "S", False)
    assert [c.direction for c in rt.strategy.commands] == ["long", "short"]


def test_orders_inside_a_request_do_nothing() -> None:
    rt = runtime(is_request=True)
    strategy.entry(rt, "L", "long")
    strategy.close_all(rt)
    strategy.risk_max_position_size(rt, 3)
    assert rt.strategy.commands == [] and rt.strategy.rules == {}


def test_na_texts_become_empty() -> None:
    rt = runtime()
    strategy.exit(rt, "X", None, comment_loss=None, stop=90.0)  # type: ignore[arg-type]
    (command,) = rt.strategy.commands
    assert isinstance(command, ExitOrder)
    assert (command.from_entry, command.comment_loss, command.stop, command.qty_percent) == ("", "", 90.0, 100.0)


def test_figures_before_any_trade() -> None:
    rt = runtime(NoBroker(StrategySettings(initial_capital=5000), ETH))
    assert strategy.equity(rt) == strategy.initial_capital(rt) == 5000
    assert strategy.position_size(rt) == strategy.opentrades(rt) == strategy.netprofit_percent(rt) == 0
    assert math.isnan(strategy.position_avg_price(rt)) and math.isnan(strategy.avg_trade(rt))
    assert strategy.account_currency(rt) == "USDT"
    assert math.isnan(strategy.closedtrades_profit(rt, 0)) and strategy.closedtrades_entry_id(rt, -1) is None
    assert math.isnan(strategy.opentrades_entry_time(rt, math.nan))  # type: ignore[arg-type]


def test_trade_figures_come_from_the_broker() -> None:
    class OneTrade(NoBroker):
        def closed_trade(self, number: int) -> Trade | None:
            return Trade("L", 100.0, 3, 0, 2.0, profit=12.5, exit_price=106.25) if number == 0 else None

    rt = runtime(OneTrade())
    assert strategy.closedtrades_profit(rt, 0) == 12.5
    assert strategy.closedtrades_exit_price(rt, 0) == 106.25
    assert math.isnan(strategy.closedtrades_profit(rt, 1))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (StrategySettings(default_qty_value=3), 3.0),
        (StrategySettings(default_qty_type="cash", default_qty_value=1000), 0.4074),
        (StrategySettings(initial_capital=100_000, default_qty_type="percent_of_equity", default_qty_value=10), 4.0744),
    ],
)
def test_default_quantity_is_rounded_down_to_the_size_step(settings: StrategySettings, expected: float) -> None:
    rt = runtime(NoBroker(settings, ETH))
    assert strategy.default_entry_qty(rt, 2454.31) == expected


def test_sizes_of_whole_steps_stay_whole() -> None:
    assert floor_to_step(0.3, 0.1) == 0.3
    assert floor_to_step(2.9999, 1.0) == 2.0
    assert floor_to_step(17.0, 5.0) == 15.0


def test_settings_take_what_they_know_from_a_declaration() -> None:
    found = StrategySettings.from_declaration({"title": "x", "pyramiding": 3, "currency": "NONE", "margin_long": None})
    assert found == StrategySettings(pyramiding=3)
