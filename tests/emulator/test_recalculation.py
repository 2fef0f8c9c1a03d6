"""Evaluations inside a bar, finer bars and standard bars under orders."""

from __future__ import annotations

from dataclasses import dataclass

from pinery.core.bars import BarSeries
from pinery.runtime.requests import NullData
from pinery.runtime.timeframes import Timeframe
from tests.emulator.market import MINUTE, START, bars_of, flat, play, trades

PATH = [(100.0, 100.0, 100.0, 100.0), (101.0, 105.0, 95.0, 103.0), (104.0, 109.0, 103.0, 108.0)]


def test_buying_on_every_fill_buys_at_each_of_the_four_prices() -> None:
    """TradingView's guide: four entries a bar, as a bar has four ticks."""
    body = 'strategy.entry("Buy", strategy.long)'
    found = trades(body, PATH, "calc_on_order_fills=true, pyramiding=100")
    assert [(t[1], t[2]) for t in found] == [
        *((1, price) for price in (101, 105, 95, 103)),
        *((2, price) for price in (104, 103, 109, 108)),
    ]
    assert len(trades(body, PATH, "pyramiding=100")) == 2


def test_a_target_at_the_bars_high_is_known_on_its_open() -> None:
    """TradingView's example of lookahead by this setting: each trade leaves at the bar's exact high."""
    body = (
        "varip int opened = 0\n"
        'if opened != time\n    strategy.entry("Buy", strategy.long)\n    strategy.exit("Exit", limit=high)\n'
        "opened := time"
    )
    found = trades(body, [(100.0, 102.0, 99.0, 100.0), *PATH[1:]], "calc_on_order_fills=true")
    assert found[0] == ("Buy", 1, 101, "Exit", 1, 105, 1)


def test_variables_are_rolled_back_before_each_evaluation_but_not_varip() -> None:
    body = (
        'var int counted = 0\ncounted += 1\nvarip int passes = 0\npasses += 1\nstrategy.entry("L", strategy.long)\n'
        "plot(counted)\nplot(passes)"
    )
    _, result = play(body, flat(100, 4), "calc_on_order_fills=true, pyramiding=1")
    counted, passes = (values for _, values in result.outputs.plot_columns())
    assert counted == [1, 2, 3, 4]
    assert passes == [1, 3, 4, 5]  # one more evaluation on the bar of the fill


def test_evaluations_on_every_historical_tick_see_the_bar_grow() -> None:
    body = (
        "varip array<float> seen = array.new<float>()\n"
        "seen.push(high)\nseen.push(low)\nseen.push(close)\nseen.push(volume)\nplot(seen.size())\n"
        'if bar_index == 1\n    log.info("{0}", seen)'
    )
    _, result = play(body, PATH[:2], "calc_on_every_history_tick=true")
    last = result.outputs.logs[-1].message
    second = [float(x) for x in last.strip("[]").split(", ")][16:]
    assert second == [101, 101, 101, 25, 105, 101, 105, 50, 105, 95, 95, 75, 105, 95, 103, 100]
    assert result.runtime.columns.high[:2] == [100, 105]


@dataclass
class Data(NullData):
    finer: BarSeries
    seconds: int

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        return self.finer if timeframe.seconds == self.seconds else None


def test_the_bar_magnifier_follows_the_bars_inside() -> None:
    # Inside the second hour the price falls before it rises, against what the hour alone would suggest.
    inside = [(100.0, 100.0, 94.0, 95.0), (95.0, 106.0, 95.0, 106.0), (106.0, 106.0, 104.0, 105.0)]
    minutes = bars_of([(100.0, 100.0, 100.0, 100.0)] * 12 + inside, 5)
    hours = [(100.0, 100.0, 100.0, 100.0), (100.0, 106.0, 94.0, 105.0), (105.0, 105.0, 105.0, 105.0)]
    body = 'if bar_index == 0\n    strategy.entry("L", strategy.long, limit=95)\n    strategy.exit("X", "L", limit=105)'
    assert trades(body, hours)[0][1:6] == (1, 95, "X", 1, 105)
    up_first = [hours[0], (100.0, 104.0, 90.0, 105.0), hours[2]]
    assert trades(body, up_first)[0][4] == 1
    magnified = trades(body, hours, "use_bar_magnifier=true", data=Data(minutes, 300))
    assert magnified[0][1:6] == (1, 95, "X", 1, 105)
    stop = 'if bar_index == 0\n    strategy.entry("L", strategy.long)\n    strategy.exit("X", "L", stop=95, limit=104)'
    near_high = [hours[0], (100.0, 105.0, 94.0, 105.0), hours[2]]
    assert trades(stop, near_high)[0][5] == 104
    assert trades(stop, near_high, "use_bar_magnifier=true", data=Data(minutes, 300))[0][5] == 95


def test_without_finer_bars_a_warning_says_so() -> None:
    _, result = play('strategy.entry("L", strategy.long)', flat(100, 3), "use_bar_magnifier=true")
    assert any("magnifier" in warning for warning in result.warnings)


def test_stamps_are_those_of_the_chart_bar() -> None:
    broker, _ = play('if bar_index == 0\n    strategy.entry("L", strategy.long)', flat(100, 3))
    (trade,) = broker.trades()
    assert (trade.entry_time, trade.exit_time) == (START + 60 * MINUTE, START + 120 * MINUTE)
