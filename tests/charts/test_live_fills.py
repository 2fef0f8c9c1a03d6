"""Orders on a live chart: ticks of the path that the emulator assumes give what history gives, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from pinery.charts.bars import BarUpdate
from pinery.charts.live import LiveChart
from pinery.engine import compile_script
from pinery.lang.source import Source
from tests.charts.test_live import closed, live, update
from tests.charts.test_live_scripts import BARS, COIN, COUNT, HALF, HOUR, account, historical, updates

WAYS: dict[str, Callable[[int], Iterator[BarUpdate]]] = {}


def way(function: Callable[[int], Iterator[BarUpdate]]) -> Callable[[int], Iterator[BarUpdate]]:
    WAYS[function.__name__] = function
    return function


@way
def point_by_point(i: int) -> Iterator[BarUpdate]:
    yield from updates(i)


@way
def closed_by_time(i: int) -> Iterator[BarUpdate]:
    """The last price came before the bar's end."""
    for moment in updates(i):
        if not moment.is_last:
            yield moment
            continue
        yield replace(moment, is_last=False, now=moment.now - 1)
        yield moment


@way
def all_at_once(i: int) -> Iterator[BarUpdate]:
    yield replace(list(updates(i))[-1], is_first=True)


@way
def never_told_the_end(i: int) -> Iterator[BarUpdate]:
    """The next bar's first update is what closes the bar."""
    for moment in updates(i):
        yield replace(moment, is_last=moment.is_last and i == COUNT - 1)


STRATEGIES = {
    "markets": "if bar_index % 4 == 0\n    strategy.entry('L', strategy.long)\n"
    "if bar_index % 4 == 2\n    strategy.entry('S', strategy.short)\n",
    "brackets": "if bar_index % 5 == 0\n    strategy.entry('L', strategy.long, 2)\n"
    "strategy.exit('half', 'L', qty_percent = 50, limit = close * 1.004, stop = close * 0.99)\n"
    "strategy.exit('rest', 'L', trail_points = 500, trail_offset = 300, stop = close * 0.985)\n",
    "stops": "strategy.entry('L', strategy.long, stop = high[1], oca_name = 'a', oca_type = strategy.oca.cancel)\n"
    "strategy.entry('S', strategy.short, stop = low[1], oca_name = 'a', oca_type = strategy.oca.cancel)\n",
    "stop limits": "strategy.order('L', strategy.long, 1, limit = close - 1, stop = close + 4)\n"
    "strategy.order('S', strategy.short, 1, limit = close + 8, stop = close - 2)\n"
    "if bar_index % 9 == 0\n    strategy.close_all(immediately = bar_index % 2 == 0)\n",
    "rules": "strategy.risk.max_intraday_filled_orders(3)\nstrategy.risk.max_drawdown(8, strategy.percent_of_equity)\n"
    "strategy.risk.max_intraday_loss(1, strategy.percent_of_equity)\n"
    "strategy.entry(bar_index % 2 == 0 ? 'L' : 'S', bar_index % 2 == 0 ? strategy.long : strategy.short)\n",
}
SETTINGS = {
    "plain": "",
    "leverage": ", default_qty_type = strategy.percent_of_equity, default_qty_value = 900, margin_long = 10, "
    "margin_short = 10, pyramiding = 2",
    "full": ", default_qty_type = strategy.percent_of_equity, default_qty_value = 100, commission_value = 0.05, "
    "slippage = 3, backtest_fill_limits_assumption = 2",
    "at the close": ", process_orders_on_close = true, pyramiding = 3, close_entries_rule = 'ANY'",
}


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_ticks_of_the_assumed_path_give_what_history_gives(strategy: str, settings: str) -> None:
    text = f"//@version=6\nstrategy('x'{SETTINGS[settings]})\n{STRATEGIES[strategy]}"
    script = compile_script(Source(text))
    expected, broker = historical(script, BARS)
    assert broker.fills
    for name, moments in WAYS.items():
        chart = LiveChart(script, BARS.slice(0, HALF), COIN, HOUR)
        for _ in chart.load():
            pass
        messages = [firing.message for firing in chart.past]
        for i in range(HALF, COUNT):
            for moment in moments(i):
                messages += [firing.message for firing in chart.update(moment)]
        assert chart.broker is not None
        assert account(chart.broker) == account(broker), name
        assert messages == [alert.message for alert in expected.outputs.alerts], name


def test_some_of_them_are_liquidated() -> None:
    text = f"//@version=6\nstrategy('x'{SETTINGS['leverage']})\n{STRATEGIES['markets']}"
    _, broker = historical(compile_script(Source(text)), BARS)
    assert broker.margin_calls > 0


STOP = '//@version=6\nstrategy("x")\nif bar_index == 7\n    strategy.entry("L", strategy.long, stop = 110)\n'
PRICE = "{{strategy.order.price}} {{close}}"


def test_a_price_that_travelled_meets_the_stop_and_one_that_jumped_passes_it() -> None:
    for jumps, told in ((False, "110 112"), (True, "112 112")):
        chart = live(STOP, template=PRICE)
        assert chart.update(update(8, 108, 108, 108, 108, 0.1, is_first=True)) == []
        [fired] = chart.update(update(8, 108, 112, 108, 112, 0.2, jumps=jumps))
        assert fired.message == told


def test_an_extreme_that_only_the_bar_shows_was_met() -> None:
    chart = live(STOP, template=PRICE)
    assert chart.update(update(8, 108, 109, 108, 109, 0.1, is_first=True)) == []
    [fired] = chart.update(update(8, 108, 113, 108, 109.5, 0.2, jumps=False))
    assert fired.message == "110 109.5"
    assert chart.update(closed(8, 108, 113, 108, 109.5)) == []


def test_a_position_does_not_go_back_with_the_script() -> None:
    text = '//@version=6\nstrategy("x", calc_on_every_tick = true)\nvar n = 0\nn += 1\nplot(n)\n' + (
        'if barstate.isrealtime and close > 109\n    strategy.entry("L", strategy.long)\nplot(strategy.position_size)\n'
    )
    chart = live(text)
    shown = []
    for i, price in enumerate((108.0, 110.0, 108.5, 108.0)):
        fired = chart.update(update(8, 108, max(108, price), 108, price, 0.1 * (i + 1), is_first=i == 0))
        shown.append([values[-1] for _, values in chart.result().outputs.plot_columns()] + [len(fired)])
    # The order of the second tick fills on the third, whatever the script thinks by then.
    assert shown == [[9, 0, 0], [9, 0, 0], [9, 1, 1], [9, 1, 0]]


def test_evaluation_after_a_fill_inside_the_bar() -> None:
    text = '//@version=6\nstrategy("x", calc_on_order_fills = true)\nvarip calls = 0\ncalls += 1\nplot(calls)\n' + (
        'if bar_index == 7\n    strategy.entry("L", strategy.long)\n'
        "if strategy.position_size > 0\n    strategy.close('L', immediately = false)\n"
    )
    chart = live(text)
    before = chart.result().outputs.plot_columns()[0][1][-1]
    assert [f.message.split()[1] for f in chart.update(update(8, 108, 108, 108, 108, 0.1, is_first=True))] == ["buy"]
    assert [f.message.split()[1] for f in chart.update(update(8, 108, 109, 108, 109, 0.2))] == ["sell"]
    chart.update(closed(8, 108, 109, 108, 109))
    assert chart.result().outputs.plot_columns()[0][1][-1] == before + 3  # two fills and the close


def test_a_close_at_once_does_not_wait_for_a_tick() -> None:
    text = '//@version=6\nstrategy("x", calc_on_every_tick = true)\nif bar_index == 7\n' + (
        '    strategy.entry("L", strategy.long)\nif close > 109\n    strategy.close("L", immediately = true)\n'
    )
    chart = live(text, template="{{strategy.order.action}} {{strategy.order.price}}")
    assert [f.message for f in chart.update(update(8, 108, 108, 108, 108, 0.1, is_first=True))] == ["buy 108"]
    assert [f.message for f in chart.update(update(8, 108, 110, 108, 110, 0.2))] == ["sell 110"]


def test_a_bar_that_closes_by_time_is_no_tick() -> None:
    """What was ordered on the last tick waits for the next bar's first price."""
    text = '//@version=6\nstrategy("x", calc_on_every_tick = true)\n' + (
        'if close == 110\n    strategy.entry("L", strategy.long)\n'
    )
    chart = live(text, template="{{strategy.order.price}}")
    assert chart.update(update(8, 108, 110, 108, 110, 0.9, is_first=True)) == []
    last = update(8, 108, 110, 108, 110, 0.9, is_last=True)
    assert chart.update(replace(last, now=last.now + 1)) == []
    assert [f.message for f in chart.update(update(9, 111, 111, 111, 111, 0.1, is_first=True))] == ["111"]
