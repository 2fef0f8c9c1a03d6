"""Order commands of v4, v5 and v6 scripts, as a run without a broker shows them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import CompileError
from pinery.engine.compile import compile_script
from pinery.engine.run import run
from pinery.lang.source import Source
from pinery.market.symbols import lookup
from pinery.runtime.strategy import NoBroker, Order, StrategySettings
from pinery.runtime.timeframes import Timeframe

START = 1_704_067_200_000


def finished(script: str) -> NoBroker:
    """The account after one bar: open 1, high 3, low 0.5, close 2."""
    bars = BarSeries(np.array([START]), *(np.array([float(v)]) for v in (1, 3, 0.5, 2, 10)))
    compiled = compile_script(Source(script, "t.pine"))
    btc = lookup("BINANCE:BTCUSDT")
    broker = NoBroker(StrategySettings.from_declaration(compiled.program.declaration), btc)
    run(compiled, bars, btc, Timeframe(1, ""), strategy=broker)
    return broker


def orders(version: int, body: str) -> list[Any]:
    """The commands of one bar."""
    return list(finished(f'//@version={version}\nstrategy("t")\n{body}\nplot(close)\n').commands)


@pytest.mark.parametrize(
    ("version", "call"),
    [
        (4, 'strategy.entry("L", true, 2, stop=5)'),
        (4, 'strategy.entry("L", strategy.long, 2, stop=5, when=close > open)'),
        (4, 'strategy.entry(id="L", long=strategy.long, qty=2, stop=5)'),
        (5, 'strategy.entry("L", strategy.long, 2, stop=5, when=close > open)'),
        (5, 'strategy.entry("L", direction=strategy.long, qty=2, stop=5)'),
        (6, 'strategy.entry("L", strategy.long, 2, stop=5)'),
        (6, 'strategy.entry("L", close > open ? strategy.long : strategy.short, 2, na, 5)'),
    ],
)
def test_one_entry_in_the_words_of_each_version(version: int, call: str) -> None:
    (order,) = orders(version, call)
    assert (order.command, order.id, order.direction, order.qty, order.stop) == ("entry", "L", "long", 2, 5)
    assert np.isnan(order.limit) and (order.bar_index, order.time) == (0, START)


@pytest.mark.parametrize(
    ("version", "call"),
    [
        (4, 'strategy.entry("S", false, when=open > close)'),
        (4, 'strategy.close("S", open > close)'),
        (4, "strategy.close_all(open > close)"),
        (4, 'strategy.cancel("S", open > close)'),
        (5, 'strategy.close("S", open > close)'),
        (5, 'strategy.exit("X", "S", stop=1, when=open > close)'),
        (5, 'strategy.order("S", strategy.short, when=open > close)'),
        (5, "strategy.cancel_all(when=open > close)"),
    ],
)
def test_nothing_happens_when_the_condition_is_false(version: int, call: str) -> None:
    assert orders(version, call) == []


def test_close_takes_a_condition_or_a_comment_second() -> None:
    first, second = orders(5, 'strategy.close("L", close > open)\nstrategy.close("L", "out", qty_percent=50)')
    assert (first.comment, second.comment, second.qty_percent) == ("", "out", 50)


def test_exit_carries_every_leg_and_text() -> None:
    call = (
        'strategy.exit("X", "L", qty_percent=25, profit=10, limit=4, loss=20, stop=0.5, trail_points=3, '
        'trail_offset=1, comment="c", comment_loss="cl", alert_message="a", alert_profit="ap", disable_alert=true)'
    )
    (order,) = orders(6, call)
    assert (order.id, order.from_entry, order.qty_percent) == ("X", "L", 25)
    assert (order.profit, order.limit, order.loss, order.stop) == (10, 4, 20, 0.5)
    assert (order.trail_points, order.trail_offset) == (3, 1) and np.isnan(order.trail_price)
    assert (order.comment, order.comment_loss, order.alert_message, order.alert_profit) == ("c", "cl", "a", "ap")
    assert order.disable_alert is True


def test_commands_inside_functions_and_branches_keep_the_order_of_the_source() -> None:
    body = (
        "go(id) =>\n    strategy.entry(id, strategy.long)\n    id\n"
        'if close > open\n    go("A")\nstrategy.close_all(immediately = true)\nstrategy.cancel("A")'
    )
    assert [(o.command, o.id) for o in orders(6, body)] == [("entry", "A"), ("close_all", ""), ("cancel", "A")]


def test_v6_has_no_when() -> None:
    with pytest.raises(CompileError) as caught:
        orders(6, 'strategy.entry("L", strategy.long, when=true)')
    assert any("when" in d.message for d in caught.value.diagnostics)


def test_settings_reach_the_account() -> None:
    broker = finished(
        '//@version=5\nstrategy("t", initial_capital=5000, default_qty_type=strategy.cash, default_qty_value=100)\n'
        'strategy.entry("L", strategy.long, strategy.default_entry_qty(close), comment=str.tostring(strategy.equity))\n'
    )
    (order,) = broker.commands
    assert isinstance(order, Order)
    assert (order.qty, order.comment) == (50, "5000")
    assert broker.settings.margin_long == 0  # v5's default; v6 has 100
