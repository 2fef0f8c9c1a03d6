"""Realtime bars: what a script sees on each update, what is rolled back, and what longer timeframes show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.engine import compile_script
from pinery.engine.live import Live
from pinery.engine.run import Chart, open_chart
from pinery.engine.updates import BarUpdate
from pinery.lang.source import Source
from pinery.market.providers import FileData
from pinery.runtime.no_broker import NoBroker
from pinery.runtime.timeframes import Timeframe

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01 00:00 UTC
AT = np.arange(12)
BARS = BarSeries(START + AT * HOUR, AT + 0.5, AT + 2.0, AT + 0.0, AT + 1.0, 100.0 * (AT + 1))
COIN = Instrument("BINANCE", "ETHUSDT.P", currency="USDT", basecurrency="ETH")
FRAME = Timeframe.parse("60")
HEAD = '//@version=6\nindicator("x")\n'


def opened(body: str, first: int) -> Chart:
    script, bars = compile_script(Source(HEAD + body)), BARS.slice(0, first)
    return open_chart(script, bars, COIN, FRAME, strategy=NoBroker(), data=FileData(bars, COIN, FRAME))


def played(body: str, first: int, last: int = 11) -> tuple[list[list[Any]], Chart]:
    """What the plots showed on each update of bars ``first`` to ``last``: at the open, at 50 and at the close."""
    chart = opened(body, first)
    live = Live(chart)
    for _ in live.load():
        pass
    shown = []
    for i in range(first, last + 1):
        o, h, l, c, v = (float(getattr(BARS, n)[i]) for n in ("open", "high", "low", "close", "volume"))  # noqa: E741
        t = int(BARS.time[i])
        for update in (
            BarUpdate(t, o, o, o, o, 0.0, t, is_first=True),
            BarUpdate(t, o, 50.0, o, 50.0, 10.0, t + HOUR // 2),
            BarUpdate(t, o, h, l, c, v, t + HOUR, is_last=True),
        ):
            live.update(update)
            shown.append([values[-1] for _, values in chart.rt.outputs.plot_columns()])
    return shown, chart


def test_prices_move() -> None:
    shown, chart = played("plot(close)\nplot(high)\nplot(volume)\nplot(hl2)\n", 10, 10)
    assert shown == [[10.5, 10.5, 0, 10.5], [50, 50, 10, 30.25], [11, 12, 1100, 11]]
    assert [len(values) for _, values in chart.rt.outputs.plot_columns()] == [11] * 4
    assert chart.rt.columns.close[10] == 11


def test_roll_back() -> None:
    body = (
        "var total = 0.0\ntotal += close\nvarip updates = 0\nupdates += 1\nvar items = array.new<float>()\n"
        "items.push(close)\nplot(total)\nplot(updates)\nplot(items.size())\nplot(ta.sma(close, 2))\n"
        "label.new(bar_index, close)\n"
    )
    shown, chart = played(body, 10)
    before = sum(range(1, 11))
    assert [row[0] for row in shown] == [before + x for x in (10.5, 50, 11, 11 + 11.5, 11 + 50, 11 + 12)]
    assert [row[1] for row in shown] == [11, 12, 13, 14, 15, 16]
    assert [row[2] for row in shown] == [11, 11, 11, 12, 12, 12]
    assert [row[3] for row in shown] == [10.25, 30, 10.5, 11.25, 30.5, 11.5]
    assert [d["y"] for d in chart.rt.drawings.as_data()] == list(range(1, 13))


def test_bar_states() -> None:
    names = ("isnew", "isconfirmed", "isrealtime", "ishistory", "islast", "islastconfirmedhistory")
    shown, chart = played("".join(f"plot(barstate.{name} ? 1 : 0)\n" for name in names), 11)
    assert shown == [[1, 0, 1, 0, 1, 0], [0, 0, 1, 0, 1, 0], [0, 1, 1, 0, 1, 0]]
    columns = [values for _, values in chart.rt.outputs.plot_columns()]
    assert [values[10] for values in columns] == [1, 1, 0, 1, 1, 1]
    assert [values[9] for values in columns] == [1, 1, 0, 1, 0, 0]


def test_timenow_is_the_time_of_the_update() -> None:
    shown, _ = played("plot((timenow - time) / 60000)\n", 11)
    assert shown == [[0], [30], [60]]


@pytest.mark.parametrize("lookahead", ["barmerge.lookahead_off", "barmerge.lookahead_on"])
def test_longer_timeframe_moves(lookahead: str) -> None:
    values = "[open, high, low, close, volume]"
    body = f'[o, h, l, c, v] = request.security("", "240", {values}, lookahead = {lookahead})\n'
    shown, _ = played(body + "plot(o)\nplot(h)\nplot(l)\nplot(c)\nplot(v)\n", 9, 9)
    # The bar of 08:00 has seen bar 8 (8.5, 10, 8, 9, 900) and bar 9 as far as it has come.
    assert shown == [[8.5, 10, 8, 9.5, 900], [8.5, 50, 8, 50, 910], [8.5, 11, 8, 10, 1900]]


def test_longer_timeframe_with_memory() -> None:
    body = 'plot(request.security("", "240", ta.cum(close)))\nplot(request.security("", "240", close[1]))\n'
    shown, _ = played(body, 7, 9)
    complete = [4.0, 8.0]  # closes of 00:00 and 04:00
    sums = [4 + 7.5, 4 + 50, 4 + 8, 12 + 8.5, 12 + 50, 12 + 9, 12 + 9.5, 12 + 50, 12 + 10]
    assert [row[0] for row in shown] == sums
    assert [row[1] for row in shown] == [complete[0]] * 3 + [complete[1]] * 6


def test_history_waits_for_the_close() -> None:
    """On history the same request shows complete bars only."""
    _, chart = played('plot(request.security("", "240", close))\n', 11)
    assert chart.rt.outputs.plot_columns()[0][1][:11] == pytest.approx([np.nan] * 3 + [4] * 4 + [8] * 4, nan_ok=True)


def test_requests_inside_requests() -> None:
    body = 'f() => request.security("", "720", close)\nplot(request.security("", "240", f() + 100 * close))\n'
    shown, _ = played(body, 9, 9)
    assert [row[0] for row in shown] == [101 * 9.5, 101 * 50, 101 * 10]


def test_alerts_once_per_bar() -> None:
    body = 'alert("all", alert.freq_all)\nalert("once")\nalert("close", alert.freq_once_per_bar_close)\n'
    _, chart = played(body, 11)
    sent = [a.message for a in chart.rt.outputs.alerts if a.bar_index == 11]
    assert sent == ["all", "once", "all", "all", "close"]
