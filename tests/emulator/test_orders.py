"""Placing, replacing and cancelling orders, and how much they trade."""

from __future__ import annotations

from tests.emulator.market import flat, trades

QUIET = flat(100, 6)


def test_a_market_order_fills_at_the_next_open() -> None:
    bars = [(100, 101, 99, 100), (102, 103, 101, 102), (104, 105, 103, 104)]
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\nif bar_index == 1\n    strategy.close("L")'
    assert trades(body, bars) == [("L", 1, 102, "Close entry(s) order L", 2, 104, 1)]


def test_an_entry_with_a_pending_id_replaces_the_pending_one() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=1, stop=110, comment="first")\n'
        'if bar_index == 1\n    strategy.entry("L", strategy.long, qty=2, stop=105, comment="second")'
    )
    bars = [*flat(100, 2), (100, 120, 100, 118), (118, 118, 118, 118)]
    assert trades(body, bars) == [("second", 2, 105, "Open", 3, 118, 2)]


def test_two_market_entries_with_one_id_are_one_order_with_the_second_comment() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long, comment="a")\n'
        '    strategy.entry("L", strategy.long, comment="b")'
    )
    assert [t[0] for t in trades(body, QUIET, "pyramiding=5")] == ["b"]


def test_calls_act_in_source_order() -> None:
    gone = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.cancel("L")'
    kept = 'if bar_index == 0\n    strategy.cancel("L")\n    strategy.entry("L", strategy.long)'
    assert trades(gone, QUIET) == []
    assert len(trades(kept, QUIET)) == 1


def test_cancel_all_takes_back_market_orders_of_the_same_evaluation_only() -> None:
    same = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.cancel_all()'
    later = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\nif bar_index == 1\n    strategy.cancel_all()'
    assert trades(same, QUIET) == []
    assert len(trades(later, QUIET)) == 1


def test_pending_stops_outlive_the_position() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
        '    strategy.entry("S", strategy.short, stop=90)\nif bar_index == 1\n    strategy.close_all()'
    )
    bars = [*flat(100, 4), (100, 100, 85, 86), (86, 86, 86, 86)]
    assert [t[:3] for t in trades(body, bars)] == [("L", 1, 100), ("S", 4, 90)]


def test_pyramiding_limits_entries_but_not_raw_orders() -> None:
    body = 'if bar_index < 4\n    strategy.entry("L", strategy.long)'
    assert len(trades(body, QUIET)) == 1
    assert len(trades(body, QUIET, "pyramiding=1")) == 1
    assert len(trades(body, QUIET, "pyramiding=3")) == 3
    raw = 'if bar_index < 3\n    strategy.order("R" + str.tostring(bar_index), strategy.long)\n'
    assert len(trades(raw, QUIET)) == 3
    # Trades of strategy.order do not use up the limit.
    assert len(trades(raw + 'if bar_index == 3\n    strategy.entry("L", strategy.long)', QUIET)) == 4


def test_of_two_market_entries_with_pyramiding_one_only_the_first_is_taken() -> None:
    body = 'if bar_index == 0\n    strategy.entry("A", strategy.long)\n    strategy.entry("B", strategy.long)'
    assert [t[0] for t in trades(body, QUIET)] == ["A"]


def test_priced_entries_placed_together_may_all_fill() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("A", strategy.long, stop=101)\n'
        '    strategy.entry("B", strategy.long, stop=102)'
    )
    bars = [(100, 100, 100, 100), (100, 103, 100, 103), (103, 103, 103, 103)]
    assert [t[:3] for t in trades(body, bars)] == [("A", 1, 101), ("B", 1, 102)]


def test_an_opposite_entry_reverses_the_position() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=15)\n'
        'if bar_index == 1\n    strategy.entry("S", strategy.short, qty=5)'
    )
    assert trades(body, flat(100, 4)) == [
        ("L", 1, 100, "S", 2, 100, 15),
        ("S", 2, 100, "Open", 3, 100, -5),
    ]


def test_a_stop_placed_while_flat_only_closes_an_opposite_position() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("S", strategy.short, qty=2, stop=90)\n'
        '    strategy.entry("L", strategy.long, qty=2, stop=110)'
    )
    bars = [(100, 100, 100, 100), (100, 112, 88, 100), (100, 100, 100, 100)]
    assert trades(body, bars) == [("S", 1, 90, "L", 1, 110, -2)]


def test_a_stop_keeps_the_size_it_had_against_an_open_position() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 1\n    strategy.entry("S", strategy.short, stop=1000)\n    strategy.close("L")'
    )
    # The market close fills first although it was placed last; the gapped stop still sells two.
    assert trades(body, flat(100, 4)) == [
        ("L", 1, 100, "Close entry(s) order L", 2, 100, 1),
        ("S", 2, 100, "Open", 3, 100, -2),
    ]


def test_market_orders_of_the_same_evaluation_count_as_filled() -> None:
    close_first = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 1\n    strategy.close("L")\n    strategy.entry("S", strategy.short)'
    )
    assert [t[6] for t in trades(close_first, flat(100, 4))] == [1, -1]
    entry_first = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 1\n    strategy.entry("S", strategy.short)\n    strategy.close("L")'
    )
    assert [(t[3], t[6]) for t in trades(entry_first, flat(100, 4))] == [("S", 1), ("Open", -1)]


def test_close_does_nothing_for_entries_that_have_not_filled() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.close("L")'
    assert [t[3] for t in trades(body, QUIET)] == ["Open"]


def test_of_several_closes_of_one_id_the_first_counts() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 1\n    strategy.close("L", comment="one")\n    strategy.close("L", comment="two")'
    )
    assert [t[3] for t in trades(body, QUIET)] == ["one"]


def test_close_takes_a_share_of_what_is_open() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=8)\n'
        'if bar_index == 1 or bar_index == 2\n    strategy.close("L", qty_percent=50)\n'
        'if bar_index == 3\n    strategy.close("L", qty=1.5)'
    )
    assert [(t[4], t[6]) for t in trades(body, flat(100, 6))] == [(2, 4), (3, 2), (4, 1.5), (5, 0.5)]


def test_sizes_are_rounded_down_to_the_step() -> None:
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=0.12999)'
    assert [t[6] for t in trades(body, QUIET)] == [0.12]
    assert trades(body.replace("0.12999", "0.009"), QUIET) == []


def test_raw_orders_net_and_never_reverse_beyond_their_size() -> None:
    body = (
        'if bar_index == 0\n    strategy.order("buy", strategy.long, qty=15)\n'
        'if bar_index > 0 and bar_index < 4\n    strategy.order("sell", strategy.short, qty=5)'
    )
    assert [(t[4], t[6]) for t in trades(body, flat(100, 6))] == [(2, 5), (3, 5), (4, 5)]


def test_groups_that_cancel_and_reduce() -> None:
    template = (
        'if bar_index == 0\n    strategy.order("U", strategy.long, qty=3, stop=105, oca_name="G", oca_type=TYPE)\n'
        '    strategy.order("D", strategy.short, qty=5, stop=95, oca_name="G", oca_type=TYPE)'
    )
    bars = [(100, 100, 100, 100), (100, 106, 90, 100), (100, 100, 100, 100)]
    cancelled = trades(template.replace("TYPE", "strategy.oca.cancel"), bars)
    assert [(t[0], t[3], t[6]) for t in cancelled] == [("U", "Open", 3)]
    reduced = trades(template.replace("TYPE", "strategy.oca.reduce"), bars)
    assert [(t[0], t[3], t[6]) for t in reduced] == [("U", "D", 2), ("U", "Open", 1)]
    alone = trades(template.replace("TYPE", "strategy.oca.none"), bars)
    assert [(t[0], t[3], t[6]) for t in alone] == [("U", "D", 3), ("D", "Open", -2)]


def test_closing_by_entry_order_or_by_name() -> None:
    """The example of TradingView's guide on closing a position."""
    body = (
        'if bar_index == 0\n    strategy.entry("Buy1", strategy.long, 5)\n'
        'if bar_index == 1\n    strategy.entry("Buy2", strategy.long, 10)\n'
        'if bar_index == 2\n    strategy.close("Buy2")\n    strategy.exit("bracket", "Buy1", loss=1000, profit=1000)'
    )
    bars = [*flat(100, 4), (100, 111, 100, 111), (111, 111, 111, 111)]
    fifo = trades(body, bars, "pyramiding=2")
    assert [(t[0], t[3], t[4], t[6]) for t in fifo] == [
        ("Buy1", "Close entry(s) order Buy2", 3, 5),
        ("Buy2", "Close entry(s) order Buy2", 3, 5),
        ("Buy2", "bracket", 4, 5),
    ]
    named = trades(body, bars, 'pyramiding=2, close_entries_rule="ANY"')
    assert [(t[0], t[3], t[4], t[6]) for t in named] == [
        ("Buy2", "Close entry(s) order Buy2", 3, 10),
        ("Buy1", "bracket", 4, 5),
    ]


def test_when_false_places_nothing_in_old_versions() -> None:
    body = 'strategy.entry("L", strategy.long, when = bar_index == 2)'
    assert [t[1] for t in trades(body, QUIET, version=4)] == [3]
    assert [t[1] for t in trades(body, QUIET, version=5)] == [3]
