"""Which way the price goes through a bar, and at what price orders fill on it."""

from __future__ import annotations

import pytest

from tests.emulator.market import flat, trades

BOTH = (
    'if bar_index == 0\n    strategy.entry("U", strategy.long, stop=105)\n'
    '    strategy.entry("D", strategy.short, stop=95)'
)


@pytest.mark.parametrize(("bar", "first"), [((100, 106, 90, 100), "U"), ((100, 110, 94, 100), "D")])
def test_the_nearer_extreme_comes_first(bar: tuple[float, float, float, float], first: str) -> None:
    found = trades(BOTH, [(100, 100, 100, 100), bar, (100, 100, 100, 100)])
    assert found[0][0] == first
    assert {found[0][2], found[0][5]} == {105, 95}


def test_a_touch_is_enough() -> None:
    bars = [(100, 100, 100, 100), (100, 105, 99, 101), (101, 101, 101, 101)]
    assert trades(BOTH, bars)[0][:3] == ("U", 1, 105)
    limit = 'if bar_index == 0\n    strategy.entry("L", strategy.long, limit=99)'
    assert trades(limit, bars)[0][:3] == ("L", 1, 99)


def test_levels_that_the_open_has_passed_fill_at_the_open() -> None:
    bars = [(100, 100, 100, 100), (108, 109, 107, 108), (108, 108, 108, 108)]
    assert trades(BOTH, bars)[0][:3] == ("U", 1, 108)
    limit = 'if bar_index == 0\n    strategy.entry("S", strategy.short, limit=104)'
    assert trades(limit, bars)[0][:3] == ("S", 1, 108)


def test_of_a_buy_and_a_sell_met_at_the_open_the_buy_comes_first() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("S", strategy.short, stop=100)\n'
        '    strategy.entry("B", strategy.long, stop=100)'
    )
    found = trades(body, flat(100, 3))
    assert [(t[0], t[3]) for t in found] == [("B", "S")]


def test_levels_are_rounded_to_ticks_against_stops_and_never_worse_than_limits() -> None:
    bars = [(100, 100, 100, 100), (100, 120, 80, 100), (100, 100, 100, 100)]
    for order, price in (
        ("strategy.long, stop=105.004", 105.01),
        ("strategy.short, stop=94.996", 94.99),
        ("strategy.long, limit=94.996", 94.99),
        ("strategy.short, limit=105.004", 105.01),
        ("strategy.long, stop=105.0000003", 105.00),  # a hair from a tick is the tick
    ):
        assert trades(f'if bar_index == 0\n    strategy.entry("E", {order})', bars)[0][2] == price


def test_a_stop_limit_order_waits_for_its_stop_and_then_for_its_limit() -> None:
    body = 'if bar_index == 0\n    strategy.entry("E", strategy.long, stop=105, limit=98)'
    bars = [*flat(100, 1), (100, 101, 97, 100), (100, 106, 100, 104), (104, 104, 97, 99), (99, 99, 99, 99)]
    assert [t[:3] for t in trades(body, bars)] == [("E", 3, 98)]
    # A limit that is no worse than the price at activation fills there.
    assert [t[:3] for t in trades(body.replace("98", "106"), bars)] == [("E", 2, 105)]


def test_verified_limits_fill_later_but_at_their_price() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, limit=95)'
    bars = [*flat(100, 1), (100, 100, 94.98, 99), (99, 99, 94.97, 98), (98, 98, 98, 98)]
    assert [t[:3] for t in trades(body, bars)] == [("L", 1, 95)]
    assert [t[:3] for t in trades(body, bars, "backtest_fill_limits_assumption=3")] == [("L", 2, 95)]
    gap = [*flat(100, 1), (90, 91, 90, 90), (90, 90, 90, 90)]
    assert [t[:3] for t in trades(body, gap, "backtest_fill_limits_assumption=3")] == [("L", 1, 90)]


def test_orders_on_close() -> None:
    body = (
        'if bar_index == 1\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 2\n    strategy.close("L")\n'
        'if bar_index == 3\n    strategy.entry("S", strategy.short, stop=105)\n'
        '    strategy.entry("W", strategy.long, stop=200)'
    )
    bars = [(100, 101, 99, 100), (100, 103, 99, 102), (103, 105, 103, 104), (104, 106, 103, 105), (106, 107, 105, 106)]
    found = trades(body, bars, "process_orders_on_close=true")
    assert found == [
        ("L", 1, 102, "Close entry(s) order L", 2, 104, 1),
        ("S", 3, 105, "Open", 4, 106, -1),  # the close has passed its level
    ]


def test_immediate_closes_fill_at_the_close_of_the_bar() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.entry("M", strategy.long)\n'
        'if bar_index == 1\n    strategy.close("L", immediately=true)\n    strategy.entry("N", strategy.long)\n'
        "if bar_index == 3\n    strategy.close_all(immediately=true)"
    )
    bars = [(100, 101, 99, 100), (100, 103, 99, 102), (103, 105, 103, 104), (104, 106, 103, 105), (106, 107, 105, 106)]
    found = trades(body, bars, "pyramiding=3")
    assert [(t[0], t[1], t[4], t[5]) for t in found] == [("L", 1, 1, 102), ("M", 1, 3, 105), ("N", 2, 3, 105)]


def test_nothing_fills_on_a_bar_without_prices() -> None:
    nan = float("nan")
    bars = [*flat(100, 1), (nan, nan, nan, nan), *flat(101, 2)]
    assert trades('if bar_index == 0\n    strategy.entry("L", strategy.long)', bars)[0][:3] == ("L", 2, 101)
