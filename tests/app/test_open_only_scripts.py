"""The open-only scripts: what their libraries read from opens, and that stops and targets rest where they were put."""

from __future__ import annotations

import json
import math
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import pinery
from pinery.app.library import library_script

START = 1704067200  # 2024-01-01 00:00 UTC


def bars_of(opens: list[float]) -> dict[str, list[float]]:
    """One-minute bars; highs, lows and closes are far from the opens, so that reading them would show."""
    return {
        "time": [START + 60 * i for i in range(len(opens))],
        "open": opens,
        "high": [price + 40 for price in opens],
        "low": [price - 40 for price in opens],
        "close": [price + 30 * (-1) ** i for i, price in enumerate(opens)],
        "volume": [100.0] * len(opens),
    }


def plots_of(body: str, opens: list[float]) -> dict[str, np.ndarray[Any, Any]]:
    script = f"""//@version=6
indicator("x")
import Pinery/bands/1 as bands
import Pinery/open_engine/1 as engine
import Pinery/open_rules/1 as rules
import Pinery/t3/1 as t3
{body}
"""
    result = pinery.run(script, bars=bars_of(opens), symbol="CME_MINI:ES1!", timeframe="1")
    return {title: np.asarray(result.plots[title]) for title in result.plots}


FRAMES = ", ".join(f'engine.runningOpen("{minutes}")' for minutes in (3, 5, 8, 10))
READ = f"opens = engine.read({FRAMES}, 0, true)\n"


def test_t3_is_six_averages_combined() -> None:
    opens = [100 + 10 * math.sin(i / 3) for i in range(40)]
    wanted: list[list[float]] = [opens]
    for stage in range(6):
        # An exponential average of 2 begins with the mean of its first two values.
        source, first = wanted[-1], stage + 1
        smooth = [math.nan] * len(opens)
        smooth[first] = (source[first - 1] + source[first]) / 2
        for i in range(first + 1, len(opens)):
            smooth[i] = smooth[i - 1] + 2 / 3 * (source[i] - smooth[i - 1])
        wanted.append(smooth)
    # Tillson: (1 + v) x average - v x average of the average, three times over; here v = 0.5.
    e3, e4, e5, e6 = (np.array(wanted[n]) for n in (3, 4, 5, 6))
    expected = 1.5**3 * e3 - 3 * 1.5**2 * 0.5 * e4 + 3 * 1.5 * 0.5**2 * e5 - 0.5**3 * e6
    found = plots_of('plot(t3.t3(open, 2, 0.5), "T3")', opens)["T3"]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_t3_tells_crosses_and_keeps_their_side() -> None:
    opens = (
        [104.0 - 0.1 * i for i in range(40)]
        + [100.0 + 2 * i for i in range(1, 11)]
        + [120.0 - 2 * i for i in range(1, 21)]
    )
    found = plots_of(
        """f = t3.flags(open, 6, 0.4, 3, true)
plot(f.longTrigger ? 1 : 0, "up")
plot(f.shortTrigger ? 1 : 0, "down")
plot(f.longProfit ? 1 : 0, "profit")
plot(f.state, "state")""",
        opens,
    )
    (up,) = np.flatnonzero(found["up"])
    down = np.flatnonzero(found["down"])[-1]
    (profit,) = (bar for bar in np.flatnonzero(found["profit"]) if up < bar < down)
    assert up < profit < down
    assert set(found["state"][up:down]) == {1.0} and set(found["state"][down:]) == {-1.0}


def test_the_synthetic_candle_is_up_while_opens_rise() -> None:
    opens = [5000.0 + 2 * i for i in range(20)] + [5038.0 - 2 * i for i in range(1, 21)]
    up = plots_of(READ + 'plot(opens.up ? 1 : 0, "up")', opens)["up"]
    assert set(up[5:20]) == {1.0} and set(up[22:]) == {0.0}


def test_opens_of_longer_bars_are_known_at_once_and_finished_ones_when_the_next_begins() -> None:
    opens = [5000.0 + i for i in range(9)]
    found = plots_of(
        'plot(engine.runningOpen("3"), "running")\nplot(engine.finishedOpen("3"), "finished")',
        opens,
    )
    # The first bars may begin in the middle of a longer one, so its open is not known.
    assert all(np.isnan(found["running"][:3]))
    assert list(found["running"][3:]) == [5003, 5003, 5003, 5006, 5006, 5006]
    assert list(found["finished"][3:]) == [5000, 5000, 5000, 5003, 5003, 5003]


def test_the_open_average_and_pivots_read_opens_alone() -> None:
    opens = [5000.0 + 20 * math.sin(i / 6) for i in range(80)]
    found = plots_of(
        READ + 'plot(opens.average, "average")\nplot(opens.resistance, "R")\nplot(opens.support, "S")', opens
    )
    assert found["average"][-1] == pytest.approx(sum(opens[-10:]) / 10)
    assert found["R"][-1] == pytest.approx(max(opens[20:60])) and found["S"][-1] == pytest.approx(min(opens[20:70]))


def test_a_stop_that_ended_a_position_is_told_once() -> None:
    calls = "1000100010"
    held = "0110001100"  # after the first call one stop, after the second one a rule, see out
    out = "0000001000"
    body = f"""bit(string text) => str.substring(text, bar_index, bar_index + 1) == "1"
word = rules.word(bit("{calls}"), false, bit("{out}"), bit("{held}") ? 1 : 0, true)
plot(word == "CALL" ? 1 : word == "OUT" ? 2 : 0, "word")"""
    assert list(plots_of(body, [5000.0] * 10)["word"]) == [1, 0, 0, 2, 1, 2, 0, 0, 1, 2]


@cache
def backtest_of(name: str) -> pinery.BacktestResult:
    script = library_script(f"strategies/{name}.pine")
    return pinery.backtest(script, bars="synthetic:8000", symbol="CME_MINI:ES1!", timeframe="1")


@pytest.mark.parametrize("name", ["es-futures-no-repaint-v1.3", "es-futures-no-repaint-v1.7"])
def test_stops_never_move_away_and_targets_stay(name: str) -> None:
    result = backtest_of(name)
    stops, goals = result.plots["Stop"], result.plots["Target"]
    moved = 0
    for trade in result.trades:
        rows = range(trade.entry_bar + 1, trade.exit_bar)
        held = [float(stops[bar]) for bar in rows]
        steps = [(after - before) * trade.direction for before, after in pairwise(held)]
        assert all(step >= 0 for step in steps)
        moved += sum(step > 0 for step in steps)
        assert len({float(goals[bar]) for bar in rows if not math.isnan(goals[bar])}) <= 1
    assert moved > 0


@pytest.mark.parametrize("name", ["es-futures-no-repaint-v1.3", "es-futures-no-repaint-v1.7"])
def test_the_outside_is_told_of_every_position(name: str) -> None:
    result = backtest_of(name)
    said = [(alert.bar_index, json.loads(alert.message)) for alert in result.alerts if alert.kind == "alert"]
    for trade in result.trades:
        # Decided at the close before the fill, with the stop that protects it.
        (message,) = (message for bar, message in said if bar == trade.entry_bar - 1)
        assert message["market_position"] == ("long" if trade.direction > 0 else "short")
        assert (message["stop_loss"] < message["price"]) == (trade.direction > 0)
        # That it ended is told no later than at the close of the bar on which it did.
        assert any(bar in (trade.exit_bar - 1, trade.exit_bar) for bar, _ in said)
