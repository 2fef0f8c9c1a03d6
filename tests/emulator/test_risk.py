"""strategy.risk.*"""

from __future__ import annotations

from tests.emulator.market import flat, play, trades

FLIP = 'if bar_index % 2 == 0\n    strategy.entry("L", strategy.long)\nelse\n    strategy.entry("S", strategy.short)\n'
MAX_FILLS = "Close Position (Max number of filled orders in one day)"


def test_the_last_fill_allowed_in_a_day_is_closed_at_once() -> None:
    found = trades("strategy.risk.max_intraday_filled_orders(3)\n" + FLIP, flat(100, 30))
    assert found[2][:6] == ("L", 3, 100, MAX_FILLS, 3, 100)
    assert found[3][1] == 25  # orders of the first day are void, also the last one, which would fill at midnight


def test_inside_a_bar_the_forced_close_is_where_the_price_is_heading() -> None:
    body = (
        "strategy.risk.max_intraday_filled_orders(1)\n"
        'if bar_index == 0\n    strategy.entry("L", strategy.long, stop=102)'
    )
    bars = [(100, 100, 100, 100), (100, 104, 95, 96), (96, 96, 96, 96)]
    assert trades(body, bars) == [("L", 1, 102, MAX_FILLS, 1, 104, 1)]


def test_entries_in_a_forbidden_direction_only_close() -> None:
    found = trades("strategy.risk.allow_entry_in(strategy.direction.long)\n" + FLIP, flat(100, 6))
    assert [(t[0], t[1], t[3], t[4]) for t in found] == [("L", 1, "S", 2), ("L", 3, "S", 4), ("L", 5, "Open", 5)]


def test_an_entry_is_cut_to_the_largest_position() -> None:
    body = 'strategy.risk.max_position_size(5)\nif bar_index < 3\n    strategy.entry("L", strategy.long, qty=3)'
    assert [t[6] for t in trades(body, flat(100, 6), "pyramiding=9")] == [3, 2]


def test_a_drawdown_stops_the_strategy_for_good() -> None:
    body = (
        "strategy.risk.max_drawdown(10, strategy.percent_of_equity)\n"
        'if bar_index == 0 or bar_index == 30\n    strategy.entry("L", strategy.long, qty=10)'
    )
    bars = [*flat(100, 2), (100, 100, 85, 99), *flat(99, 40)]
    assert trades(body, bars, "initial_capital=1000") == [("L", 1, 100, "Close Position (Max drawdown)", 2, 85, 10)]


def test_a_days_loss_stops_the_strategy_until_the_next_day() -> None:
    body = (
        "strategy.risk.max_intraday_loss(50, strategy.cash)\n"
        'if bar_index == 0 or bar_index == 5 or bar_index == 30\n    strategy.entry("L", strategy.long, qty=10)'
    )
    bars = [*flat(100, 2), (100, 100, 94, 99), *flat(99, 40)]
    found = trades(body, bars, "initial_capital=5000")
    assert [(t[1], t[3], t[4]) for t in found] == [(1, "Close Position (Max intraday loss)", 2), (31, "Open", 42)]


def test_losing_days_in_a_row_stop_the_strategy() -> None:
    body = (
        "strategy.risk.max_cons_loss_days(2)\n"
        'if bar_index % 24 == 1\n    strategy.entry("L", strategy.long)\n'
        'if bar_index % 24 == 3\n    strategy.close("L")'
    )
    day = [*flat(100, 3), (100, 100, 99, 99), *flat(99, 20)]
    bars = day * 4
    assert len(trades(body, bars)) == 2


def test_rules_hold_wherever_they_stand_in_the_script() -> None:
    broker, _ = play(FLIP + "strategy.risk.max_intraday_filled_orders(3)", flat(100, 10))
    assert len(broker.trades()) == 3
