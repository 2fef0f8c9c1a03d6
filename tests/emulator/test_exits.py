"""strategy.exit: brackets, shares of a position, waiting for entries, trailing stops."""

from __future__ import annotations

from tests.emulator.market import flat, trades

ENTER = 'if bar_index == 0\n    strategy.entry("L", strategy.long, qty=2)\n'


def exits(body: str, bars: list[tuple[float, float, float, float]], settings: str = "", version: int = 6) -> list:
    return [(t[3], t[4], t[5], t[6]) for t in trades(body, bars, settings, version=version)]


def test_an_exit_beside_its_entry_is_live_from_the_fill_on() -> None:
    body = ENTER + '    strategy.exit("X", "L", stop=95, limit=110)'
    bars = [*flat(100, 1), (100, 101, 94, 98), (98, 98, 98, 98)]
    assert exits(body, bars) == [("X", 1, 95, 2)]
    up_first = [*flat(100, 1), (100, 111, 80, 98), (98, 98, 98, 98)]
    assert exits(body, up_first) == [("X", 1, 110, 2)]


def test_an_exit_also_waits_for_an_entry_that_reverses() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("S", strategy.short)\n    strategy.exit("XS", "S", stop=120)\n'
        'if bar_index == 1\n    strategy.entry("L", strategy.long)\n    strategy.exit("XL", "L", stop=95)'
    )
    bars = [*flat(100, 3), (100, 121, 94, 100), (100, 100, 100, 100)]
    assert trades(body, bars) == [("S", 1, 100, "L", 2, 100, -1), ("L", 2, 100, "XL", 3, 95, 1)]


def test_an_exit_for_an_unknown_entry_does_nothing() -> None:
    body = ENTER + '    strategy.exit("X", "M", stop=95)'
    assert exits(body, [*flat(100, 2), (100, 100, 90, 90), (90, 90, 90, 90)]) == [("Open", 3, 90, 2)]


def test_a_stop_on_the_wrong_side_executes_at_the_entry_price() -> None:
    body = ENTER + '    strategy.exit("X", "L", stop=105)'
    bars = [*flat(100, 1), (101, 110, 100, 109), (109, 109, 109, 109)]
    assert exits(body, bars) == [("X", 1, 101, 2)]


def test_exits_reserve_their_part_in_source_order() -> None:
    """The example of TradingView's guide on reserved exits: 19 of 20 are reserved, one is left to the stop."""
    body = (
        'if bar_index == 0\n    strategy.entry("buy", strategy.long, 20)\n'
        '    strategy.exit("limit", limit=101, qty=19)\n    strategy.exit("stop", stop=99, qty=20)'
    )
    bars = [*flat(100, 2), (100, 100, 98, 100), (100, 102, 100, 100), (100, 100, 100, 100)]
    assert exits(body, bars) == [("stop", 2, 99, 1), ("limit", 3, 101, 19)]


def test_a_share_is_of_the_entry_and_is_not_armed_again_once_filled() -> None:
    body = ENTER + (
        'if strategy.position_size > 0\n    strategy.exit("HALF", "L", qty_percent=50, limit=105)\n'
        '    strategy.exit("REST", "L", stop=90)'
    )
    bars = [*flat(100, 2), (100, 106, 100, 104), (104, 107, 104, 104), (104, 104, 89, 90), (90, 90, 90, 90)]
    assert exits(body, bars) == [("HALF", 2, 105, 1), ("REST", 4, 90, 1)]


def test_legs_have_their_own_comments() -> None:
    body = ENTER + (
        '    strategy.exit("X", "L", stop=95, limit=105, comment="c", comment_profit="gain", comment_loss="pain")'
    )
    assert exits(body, [*flat(100, 2), (100, 106, 100, 104), (104, 104, 104, 104)])[0][0] == "gain"
    assert exits(body, [*flat(100, 2), (100, 100, 94, 94), (94, 94, 94, 94)])[0][0] == "pain"
    plain = ENTER + '    strategy.exit("X", "L", stop=95, comment="c")'
    assert exits(plain, [*flat(100, 2), (100, 100, 94, 94), (94, 94, 94, 94)])[0][0] == "c"


def test_since_v6_the_level_met_first_counts_and_before_it_the_price() -> None:
    body = ENTER + '    strategy.exit("X", "L", profit=300, limit=105, loss=300, stop=95)'
    up = [*flat(100, 2), (100, 106, 100, 104), (104, 104, 104, 104)]
    down = [*flat(100, 2), (100, 100, 94, 94), (94, 94, 94, 94)]
    assert exits(body, up)[0][2] == 103
    assert exits(body, down)[0][2] == 97
    assert exits(body, up, version=5)[0][2] == 105
    assert exits(body, down, version=5)[0][2] == 95


def test_each_entry_of_an_id_gets_its_own_exit_at_its_own_distance() -> None:
    body = (
        'if bar_index == 0 or bar_index == 1\n    strategy.entry("L", strategy.long)\n'
        'if bar_index == 2\n    strategy.exit("X", "L", profit=500)'
    )
    bars = [*flat(100, 2), (104, 104, 104, 104), (104, 110, 104, 110), (110, 110, 110, 110)]
    assert exits(body, bars, "pyramiding=2") == [("X", 3, 105, 1), ("X", 3, 109, 1)]


def test_with_an_entry_id_an_exit_is_for_entries_up_to_its_call_only() -> None:
    late = 'if bar_index < 3\n    strategy.entry("L", strategy.long)\n'
    bars = [*flat(100, 5), (100, 100, 90, 90), (90, 90, 90, 90)]
    named = late + 'if bar_index == 1\n    strategy.exit("X", "L", stop=95)'
    assert [t[0] for t in exits(named, bars, "pyramiding=3")] == ["X", "X", "Open"]
    # Without one it goes on for later entries until the position closes.
    unnamed = late + 'if bar_index == 1\n    strategy.exit("X", stop=95)'
    assert [t[0] for t in exits(unnamed, bars, "pyramiding=3")] == ["X", "X", "X"]


def test_an_exit_waits_on_while_its_entry_is_moved() -> None:
    body = (
        'if bar_index == 0\n    strategy.exit("X", "L", stop=90)\n'
        'if bar_index < 2\n    strategy.entry("L", strategy.long, stop=105 + bar_index)'
    )
    bars = [*flat(100, 2), (100, 107, 100, 107), (107, 107, 89, 90), (90, 90, 90, 90)]
    assert exits(body, bars) == [("X", 3, 90, 1)]


def test_an_exit_ends_with_its_position() -> None:
    body = (
        'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.exit("X", "L", stop=95)\n'
        'if bar_index == 1\n    strategy.close("L")\nif bar_index == 3\n    strategy.entry("L", strategy.long)'
    )
    assert [t[0] for t in exits(body, [*flat(100, 5), (100, 100, 90, 90), (90, 90, 90, 90)])] == [
        "Close entry(s) order L",
        "Open",
    ]


def test_cancel_takes_an_exit_back() -> None:
    body = ENTER + '    strategy.exit("X", "L", stop=95)\nif bar_index == 1\n    strategy.cancel("X")'
    assert exits(body, [*flat(100, 2), (100, 100, 90, 90), (90, 90, 90, 90)])[0][0] == "Open"


# --- trailing stops -------------------------------------------------------------------


def test_a_trailing_stop_follows_the_best_price_of_the_path() -> None:
    body = ENTER + '    strategy.exit("T", "L", trail_points=200, trail_offset=100)'
    # Arms at 102, best 106, so it sells at 105 on the way down.
    bars = [*flat(100, 2), (100, 106, 90, 95), (95, 95, 95, 95)]
    assert exits(body, bars) == [("T", 2, 105, 2)]


def test_without_an_offset_the_exit_is_at_the_arming_level() -> None:
    body = ENTER + '    strategy.exit("T", "L", trail_points=200)'
    bars = [*flat(100, 2), (100, 106, 90, 95), (95, 95, 95, 95)]
    assert exits(body, bars) == [("T", 2, 102, 2)]
    gap = [*flat(100, 2), (104, 106, 103, 105), (95, 95, 95, 95)]
    assert exits(body, gap) == [("T", 2, 104, 2)]


def test_fractions_of_ticks_count_as_whole_ones() -> None:
    body = ENTER + '    strategy.exit("T", "L", trail_points=199.2)'
    assert exits(body, [*flat(100, 2), (100, 106, 90, 95), (95, 95, 95, 95)]) == [("T", 2, 102, 2)]


def test_the_close_of_the_bar_that_places_a_trailing_exit_counts() -> None:
    body = ENTER + 'if bar_index == 1\n    strategy.exit("T", "L", trail_points=200, trail_offset=100)'
    bars = [*flat(100, 1), (100, 105, 100, 105), (103, 103, 103, 103), (103, 103, 103, 103)]
    assert exits(body, bars) == [("T", 2, 103, 2)]


def test_placing_a_trailing_exit_again_keeps_its_best_price() -> None:
    body = ENTER + 'if strategy.position_size > 0\n    strategy.exit("T", "L", trail_points=200, trail_offset=300)'
    bars = [*flat(100, 2), (100, 110, 108, 108), (108, 109, 107.5, 108), (108, 108, 106, 106), (106, 106, 106, 106)]
    assert exits(body, bars) == [("T", 4, 107, 2)]


def test_a_trailing_price_arms_at_that_price() -> None:
    body = 'if bar_index == 0\n    strategy.entry("S", strategy.short)\n'
    body += '    strategy.exit("T", "S", trail_price=97, trail_offset=100, comment_trailing="trailed")'
    bars = [*flat(100, 2), (100, 110, 96, 99), (99, 99, 99, 99)]
    assert exits(body, bars) == [("trailed", 2, 97, -1)]


def test_an_exit_that_has_filled_waits_for_its_next_call() -> None:
    body = ENTER + (
        '    strategy.exit("HALF", "L", qty=1, limit=110)\n    strategy.exit("REST", "L", stop=98)\n'
        'if bar_index == 2\n    strategy.cancel("HALF")\nif bar_index == 4\n    strategy.exit("REST", "L", stop=97)'
    )
    bars = [*flat(100, 2), (100, 100, 97, 97), (97, 97, 96, 96), (96, 96, 96, 96), (96, 96, 96, 96), (96, 96, 96, 96)]
    assert exits(body, bars) == [("REST", 2, 98, 1), ("REST", 5, 96, 1)]


def test_levels_that_are_no_prices_are_no_levels() -> None:
    body = ENTER + (
        '    strategy.exit("X", "L", stop=1/0, limit=na, profit=1e300)\n'
        '    strategy.entry("M", strategy.short, stop=-1/0)\n'
        '    strategy.exit("T", "L", trail_points=1e300, trail_offset=1e300)'
    )
    assert [t[0] for t in exits(body, flat(100, 4))] == ["Open"]
