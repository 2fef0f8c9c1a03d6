"""A live chart: the open bar on every update, fills as prices come, alerts with lasting keys."""

from __future__ import annotations

import numpy as np
import pytest

from pinery.charts.live import LiveChart
from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.engine import compile_script
from pinery.engine.updates import BarUpdate
from pinery.lang.source import Source
from pinery.runtime.requests import NullData
from pinery.runtime.timeframes import Timeframe

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01 00:00 UTC
COIN = Instrument("BINANCE", "ETHUSDT.P", currency="USDT", basecurrency="ETH")
FRAME = Timeframe.parse("60")
AT = np.arange(8)
HISTORY = BarSeries(START + AT * HOUR, AT + 100.0, AT + 102.0, AT + 99.0, AT + 101.0, AT + 10.0)


def live(text: str, history: BarSeries = HISTORY, template: str = "") -> LiveChart:
    chart = LiveChart(compile_script(Source(text)), history, COIN, FRAME, alert_template=template)
    for _ in chart.load():
        pass
    return chart


def update(i: int, o: float, h: float, low: float, c: float, at: float = 0.5, **flags: bool) -> BarUpdate:
    """An update of bar ``i``, ``at`` of the way through it."""
    t = START + i * HOUR
    return BarUpdate(t, o, h, low, c, 10.0 * at, t + int(at * HOUR), **flags)


def closed(i: int, o: float, h: float, low: float, c: float) -> BarUpdate:
    return update(i, o, h, low, c, 1.0, is_last=True)


BUY = '//@version=6\nstrategy("x")\nif bar_index == 7\n    strategy.entry("Long", strategy.long)\n'


def test_a_market_order_of_the_close_fills_on_the_next_tick() -> None:
    chart = live(BUY, template="{{strategy.order.action}} {{strategy.order.price}} {{timenow}}")
    assert chart.past == []
    [fired] = chart.update(update(8, 108, 108, 108, 108, 0.25, is_first=True))
    assert (fired.kind, fired.message) == ("order", "buy 108 2024-01-01T08:15:00Z")
    assert (fired.bar_time, fired.now) == (START + 8 * HOUR, START + 8 * HOUR + HOUR // 4)
    assert chart.update(closed(8, 108, 109, 107, 108)) == []


def plotted(chart: LiveChart) -> list[float]:
    """The plots on the newest bar."""
    return [values[-1] for _, values in chart.result().outputs.plot_columns()]


def test_state_and_drawings_go_back_and_varip_stays() -> None:
    text = (
        '//@version=6\nindicator("x")\ntype Count\n    int all = 0\n    varip int live = 0\nvar c = Count.new()\n'
        "c.all += 1\nc.live += 1\nvar seen = array.new<float>()\nseen.push(close)\nvarip calls = 0\ncalls += 1\n"
        "label.new(bar_index, close)\nplot(c.all)\nplot(c.live)\nplot(seen.size())\nplot(calls)\n"
    )
    chart = live(text)
    chart.update(update(8, 108, 108, 108, 108, 0.1, is_first=True))
    chart.prepare()
    chart.update(update(8, 108, 109, 108, 109, 0.2))
    chart.update(closed(8, 108, 110, 107, 109.5))
    assert plotted(chart) == [9, 11, 9, 11]
    assert [d["y"] for d in chart.result().drawings.as_data()] == [*range(101, 109), 109.5]
    chart.update(update(9, 110, 110, 110, 110, 0.1, is_first=True))
    assert plotted(chart) == [10, 12, 10, 12]


ALERTS = (
    '//@version=6\nindicator("x")\nif close > open\n    alert("up {0}", alert.freq_once_per_bar)\n'
    'alert("closed", alert.freq_once_per_bar_close)\nalertcondition(close > 108, "High", "{{close}} at {{timenow}}")\n'
)


def test_alerts_fire_when_they_may_and_have_the_same_keys_again() -> None:
    chart = live(ALERTS)
    assert [(f.kind, f.now - f.bar_time) for f in chart.past[:2]] == [("alert", HOUR)] * 2
    assert [f.message for f in chart.past[-2:]] == ["up {0}", "closed"]
    first = chart.update(update(8, 108, 108, 108, 108, 0.1, is_first=True))
    second = chart.update(update(8, 108, 109, 108, 109, 0.25))
    third = chart.update(closed(8, 108, 109, 108, 109))
    assert first == []
    assert [(f.kind, f.message) for f in second] == [
        ("alert", "up {0}"),
        ("alertcondition", "109 at 2024-01-01T08:15:00Z"),
    ]
    assert [f.message for f in third] == ["closed"]
    rows = BarSeries(
        *(
            np.append(getattr(HISTORY, n), x)
            for n, x in zip(
                ("time", "open", "high", "low", "close", "volume"),
                (START + 8 * HOUR, 108, 109, 108, 109, 10.0),
                strict=True,
            )
        )
    )
    again = live(ALERTS, rows)
    assert {f.key for f in again.past} == {f.key for f in (*chart.past, *second, *third)}
    assert len({f.key for f in again.past}) == len(again.past)


def test_keys_of_orders_tell_side_order_and_number() -> None:
    text = '//@version=6\nstrategy("x", pyramiding = 5)\nif bar_index > 5\n    strategy.entry("Long", strategy.long)\n'
    chart = live(text + "if bar_index == 8\n    strategy.close_all()\n")
    t = START + 7 * HOUR
    assert [f.key for f in chart.past] == [f"{t}:order:buy:Long:0"]
    [fired] = chart.update(update(8, 108, 108, 108, 108, is_first=True))
    assert fired.key == f"{t + HOUR}:order:buy:Long:0"
    chart.update(closed(8, 108, 108, 108, 108))
    keys = [f.key for f in chart.update(update(9, 109, 109, 109, 109, is_first=True))]
    assert keys == [f"{t + 2 * HOUR}:order:buy:Long:0", f"{t + 2 * HOUR}:order:sell:Close position order:0"]


def test_a_bar_without_an_end_closes_with_the_next_and_late_news_is_passed_over() -> None:
    chart = live('//@version=6\nindicator("x")\nvar n = 0\nn += 1\nplot(n)\nplot(close)\n')
    chart.update(update(8, 108, 110, 108, 110, 0.5, is_first=True))
    chart.update(update(10, 111, 111, 111, 111, 0.1, is_first=True))
    assert chart.update(closed(8, 108, 120, 100, 101)) == []
    result = chart.result()
    assert result.bars.time.tolist()[-2:] == [START + 8 * HOUR, START + 10 * HOUR]
    assert [values[-2:] for _, values in result.outputs.plot_columns()] == [[9, 10], [110, 111]]


def test_a_strategy_shows_nothing_on_the_open_bar_before_its_close() -> None:
    chart = live(BUY + "plot(close)\nplot(strategy.position_size)\n")
    chart.update(update(8, 108, 108, 108, 108, is_first=True))
    shown = plotted(chart)
    assert len(chart.result().bars) == 9 and all(value != value for value in shown)
    chart.update(closed(8, 108, 109, 107, 109))
    assert plotted(chart) == [109, 1]


def test_longer_bars_of_the_chart_grow_and_go_on_from_history() -> None:
    text = (
        '//@version=6\nindicator("x")\n[o, h, v] = request.security("", "240", [open, high, ta.cum(close)])\n'
        'plot(o)\nplot(h)\nplot(v)\nplot(request.security("", "240", close[1], lookahead = barmerge.lookahead_on))\n'
    )
    history = HISTORY.slice(0, 6)  # the bar of 04:00 is half done
    chart = live(text, history)
    chart.update(update(6, 106, 120, 106, 110, is_first=True))
    assert plotted(chart) == [104, 120, 104 + 110, 104]
    chart.update(closed(6, 106, 121, 106, 108))
    assert plotted(chart) == [104, 121, 104 + 108, 104]
    chart.update(closed(7, 107, 109, 106, 108.5))
    assert plotted(chart) == [104, 121, 104 + 108.5, 104]
    chart.update(update(8, 200, 200, 200, 200, is_first=True))
    assert plotted(chart) == [200, 200, 104 + 108.5 + 200, 108.5]


@pytest.mark.parametrize("frame", ["", "240"])
def test_heikin_ashi_bars_grow_like_those_of_history(frame: str) -> None:
    text = (
        '//@version=6\nindicator("x")\n[o, h, l, c] = request.security(ticker.heikinashi(syminfo.tickerid), '
        f'"{frame}", [open, high, low, close])\nplot(o)\nplot(h)\nplot(l)\nplot(c)\n'
    )
    chart = live(text, HISTORY.slice(0, 3))
    for i in range(3, 8):
        o, h, low, c = (float(getattr(HISTORY, name)[i]) for name in ("open", "high", "low", "close"))
        chart.update(update(i, o, o, o, o, 0.1, is_first=True))
        chart.update(closed(i, o, h, low, c))
    expected = live(text).result().outputs.plot_columns()
    assert plotted(chart) == [values[-1] for _, values in expected]


class Other(NullData):
    """Two markets of which nothing is known but the bars until 08:00."""

    def __init__(self) -> None:
        self.frames = {("BINANCE:BTCUSDT", "60"): HOUR, (COIN.tickerid, "30"): HOUR // 2}

    def instrument(self, tickerid: str) -> Instrument | None:
        return Instrument("BINANCE", tickerid.rpartition(":")[2], currency="USDT")

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        step = self.frames.get((tickerid, str(timeframe)))
        if step is None:
            return None
        at = np.arange(8 * HOUR // step)
        return BarSeries(START + at * step, at + 0.0, at + 0.0, at + 0.0, at + 0.0, at + 1.0)


def test_other_markets_are_named_and_fed() -> None:
    text = (
        '//@version=6\nindicator("x")\nplot(request.security("BINANCE:BTCUSDT", "60", close))\n'
        'a = request.security_lower_tf(syminfo.tickerid, "30", close)\nplot(a.size())\nplot(a.sum())\n'
    )
    chart = LiveChart(compile_script(Source(text)), HISTORY, COIN, FRAME, data=Other())
    for _ in chart.load():
        pass
    half, t = Timeframe.parse("30"), START + 8 * HOUR
    assert chart.needs() == [("BINANCE:BTCUSDT", FRAME), (COIN.tickerid, half)]
    assert plotted(chart) == [7, 2, 29]
    chart.update(update(8, 108, 108, 108, 108, is_first=True))
    assert plotted(chart)[:2] == [7, 0]  # nobody has told anything yet
    chart.update_other("BINANCE:BTCUSDT", FRAME, BarUpdate(t, 70, 71, 69, 71, 1, t + 1, is_first=True))
    chart.update_other(COIN.tickerid, half, BarUpdate(t, 50, 51, 49, 50, 1, t + HOUR // 2, is_last=True))
    chart.update_other(COIN.tickerid, half, BarUpdate(t + HOUR // 2, 51, 51, 51, 51, 1, t + HOUR // 2, is_first=True))
    chart.update(update(8, 108, 108, 108, 108, 0.6))
    assert plotted(chart) == [71, 2, 101]
    chart.update_other("BINANCE:BTCUSDT", FRAME, BarUpdate(t, 70, 75, 69, 74, 1, t + HOUR, is_last=True))
    chart.update(closed(8, 108, 108, 108, 108))
    assert plotted(chart) == [74, 2, 101]


OWN = (
    '//@version=6\nindicator("x", timeframe = "180", timeframe_gaps = false)\nplot(close)\nplot(bar_index)\n'
    'if close > 105\n    alert("high")\n'
)


def test_an_indicator_with_a_timeframe_of_its_own() -> None:
    chart = live(OWN)  # bars of 00:00 and 03:00 are complete, that of 06:00 has two hours
    assert [values[-1] for _, values in chart.result().outputs.plot_columns()] == [106, 1]
    [past] = chart.past
    assert (past.key, past.bar_time, past.now) == (
        f"{START + 3 * HOUR}:alert:6:0",
        START + 5 * HOUR,
        START + 6 * HOUR,
    )
    [fired] = chart.update(update(8, 108, 110, 108, 110, is_first=True))
    assert (fired.key, fired.bar_time) == (f"{START + 6 * HOUR}:alert:6:0", START + 8 * HOUR)
    assert plotted(chart) == [110, 2]
    chart.update(closed(8, 108, 110, 107, 109))
    result = chart.result()
    assert [values[-2:] for _, values in result.outputs.plot_columns()] == [[106, 109], [1, 2]]
    assert (len(result.bars), str(result.timeframe)) == (9, "60")
