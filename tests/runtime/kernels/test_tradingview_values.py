"""Every row of TradingView's own exports, from the kernels alone.

Na must meet na; numbers must agree to 1e-6 relative (1e-9 near zero).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pinery.runtime.kernels import averages, bands, crosses, oscillators, pivots, ranges, trends, volume
from pinery.runtime.kernels.primitives import Window

EXPORTS = Path(__file__).parents[4] / "shared" / "conformance" / "ta"
NAN = math.nan

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason=f"TradingView's exports are not at {EXPORTS}")

Row = dict[str, float]


def rows_of(folder: str) -> Iterator[Row]:
    with (EXPORTS / folder / "expected.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            row = {name: float(text) for name, text in line.items()}
            row = {name: NAN if value == 1e100 else value for name, value in row.items()}
            row["hl2"] = (row["high"] + row["low"]) / 2
            row["hlc3"] = (row["high"] + row["low"] + row["close"]) / 3
            row["hlcc4"] = (row["high"] + row["low"] + row["close"] + row["close"]) / 4
            row["ohlc4"] = (row["open"] + row["high"] + row["low"] + row["close"]) / 4
            yield row


def same(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-9) or (a != a and b != b)


def check(folder: str, titles: list[str], program: Callable[[Row], tuple[float, ...]]) -> None:
    """``program`` computes the columns ``titles`` of each row in turn."""
    misses = []
    count = 0
    for number, row in enumerate(rows_of(folder)):
        count += 1
        for title, value in zip(titles, program(row), strict=True):
            if not same(value, row[title]):
                misses.append((number, title, value, row[title]))
    assert count >= 100
    assert not misses, f"{len(misses)} misses, first {misses[:5]}"


MOVING_AVERAGES: list[tuple[str, Any, Any, str, tuple[Any, ...]]] = [
    ("ta.sma(close, 10)", averages.sma, Window, "close", (10,)),
    ("ta.sma(hl2, 20)", averages.sma, Window, "hl2", (20,)),
    ("ta.sma(hlc3, 15)", averages.sma, Window, "hlc3", (15,)),
    ("ta.ema(close, 20)", averages.ema, averages.Smoothed, "close", (20,)),
    ("ta.ema(ohlc4, 10)", averages.ema, averages.Smoothed, "ohlc4", (10,)),
    ("ta.rma(hlcc4, 5)", averages.rma, averages.Smoothed, "hlcc4", (5,)),
    ("ta.rma(high, 15)", averages.rma, averages.Smoothed, "high", (15,)),
    ("ta.alma(close, 5, 0.85, 6)", averages.alma, averages.Weighted, "close", (5, 0.85, 6)),
    ("ta.alma(close, 10, 0.55, 12)", averages.alma, averages.Weighted, "close", (10, 0.55, 12)),
    ("ta.wma(close, 5)", averages.wma, averages.Weighted, "close", (5,)),
    ("ta.wma(close, 20)", averages.wma, averages.Weighted, "close", (20,)),
    ("ta.hma(close, 9)", averages.hma, averages.Hull, "close", (9,)),
    ("ta.hma(close, 20)", averages.hma, averages.Hull, "close", (20,)),
    ("ta.swma(hlc3)", averages.swma, averages.LastThree, "hlc3", ()),
]


@pytest.mark.parametrize(
    ("title", "kernel", "state", "source", "settings"), MOVING_AVERAGES, ids=[a[0] for a in MOVING_AVERAGES]
)
def test_moving_average(title: str, kernel: Any, state: Any, source: str, settings: tuple[Any, ...]) -> None:
    memory = state()
    check("ma", [title], lambda row: (kernel(memory, row[source], *settings),))


def test_volume_weighted_moving_average() -> None:
    memory = averages.Two()
    check("ma", ["ta.vwma(close, 20)"], lambda row: (averages.vwma(memory, row["Volume"], row["close"], 20),))


def test_bollinger_bands() -> None:
    one, two = Window(), Window()
    name = "ta.bb(close, 20, 2)"
    check(
        "bb",
        [f"{name}.base", f"{name}.upper", f"{name}.lower", "ta.bbw(close, 20, 2.1)"],
        lambda row: (*bands.bb(one, row["close"], 20, 2), bands.bbw(two, row["close"], 20, 2.1)),
    )


def test_keltner_channels() -> None:
    one, two = bands.Keltner(), bands.Keltner()
    name = "ta.kc(close, 20, 2)"

    def program(row: Row) -> tuple[float, ...]:
        bar = (row["high"], row["low"], row["close"])
        return (
            *bands.kc(one, *bar, row["close"], 20, 2, True),
            bands.kcw(two, *bar, row["close"], 20, 2.1, False),
        )

    check(
        "kc",
        [f"{name}.base", f"{name}.upper", f"{name}.lower", "ta.kcw(close, 20, 2.1, useTrueRange=false)"],
        program,
    )


def test_macd() -> None:
    memory = oscillators.Convergence()
    name = "ta.macd(close, 12, 26, 9)"
    check(
        "macd",
        [f"{name}.macd", f"{name}.signal", f"{name}.hist"],
        lambda row: oscillators.macd(memory, row["close"], 12, 26, 9),
    )


def test_directional_movement() -> None:
    memory = trends.Directional()
    name = "ta.dmi(17, 14)"
    check(
        "dmi",
        [f"{name}.dip", f"{name}.dim", f"{name}.adx"],
        lambda row: trends.dmi(memory, row["high"], row["low"], row["close"], 17, 14),
    )


@pytest.mark.parametrize("function", ["highest", "lowest", "highestbars", "lowestbars"])
def test_extremes(function: str) -> None:
    kernel = getattr(ranges, function)
    one, two = ranges.Extreme(), ranges.Extreme()
    default = "high" if "high" in function else "low"
    check(
        "highest-lowest",
        [f"ta.{function}(10)", f"ta.{function}(close, 10)"],
        lambda row: (kernel(one, row[default], 10), kernel(two, row["close"], 10)),
    )


def test_oscillators() -> None:
    one, two, three = oscillators.Flows(), oscillators.Strength(), oscillators.HighLow()
    check(
        "mfi-rsi-stoch",
        ["ta.mfi(close, 14)", "ta.rsi(close, 14)", "ta.stoch(close, high, low, 20)"],
        lambda row: (
            oscillators.mfi(one, row["Volume"], row["close"], 14),
            oscillators.rsi(two, row["close"], 14),
            oscillators.stoch(three, row["close"], row["high"], row["low"], 20),
        ),
    )


@pytest.mark.parametrize("function", ["pivothigh", "pivotlow"])
def test_pivots(function: str) -> None:
    kernel = getattr(pivots, function)
    one, two = pivots.Surroundings(), pivots.Surroundings()
    check(
        "pivot",
        [f"ta.{function}(10, 5)", f"ta.{function}(close, 10, 5)"],
        lambda row: (kernel(one, row[function[5:]], 10, 5), kernel(two, row["close"], 10, 5)),
    )


def test_parabolic_stop_and_reverse() -> None:
    memory = trends.Parabolic()
    check(
        "sar",
        ["ta.sar(0.02, 0.02, 0.2)"],
        lambda row: (trends.sar(memory, row["high"], row["low"], row["close"], 0.02, 0.02, 0.2),),
    )


def test_supertrend() -> None:
    memory = trends.Supertrend()

    def program(row: Row) -> tuple[float, ...]:
        line, direction = trends.supertrend(memory, row["high"], row["low"], row["close"], 3, 10)
        return (line if direction < 0 else NAN, line if direction > 0 else NAN)

    check("supertrend", ["ta.supertrend(3, 10).up", "ta.supertrend(3, 10).down"], program)


def test_true_range() -> None:
    one, two, three = ranges.PreviousClose(), ranges.PreviousClose(), ranges.PreviousClose()
    four = ranges.AverageRange()

    def program(row: Row) -> tuple[float, ...]:
        bar = (row["high"], row["low"], row["close"])
        return (
            ranges.tr(one, *bar, False),
            ranges.tr(two, *bar, True),
            ranges.tr_na(three, *bar),
            ranges.atr(four, *bar, 14),
        )

    check("tr", ["ta.tr(false)", "ta.tr(true)", "ta.tr", "ta.atr(14)"], program)


def test_crossings() -> None:
    fast, slow = averages.Smoothed(), averages.Smoothed()
    any_way, over, under = crosses.Both(), crosses.Both(), crosses.Both()

    def program(row: Row) -> tuple[float, ...]:
        pair = (averages.ema(fast, row["close"], 5), averages.ema(slow, row["close"], 11))
        return (
            0.5 if crosses.cross(any_way, *pair) else 0,
            1 if crosses.crossover(over, *pair) else 0,
            -1 if crosses.crossunder(under, *pair) else 0,
        )

    check("cross", [f"ta.{name}(ema1, ema2)" for name in ("cross", "crossover", "crossunder")], program)


def test_valuewhen() -> None:
    slow, fast, crossing, found = Window(), Window(), crosses.Both(), crosses.Occurrences()

    def program(row: Row) -> tuple[float, ...]:
        crossed = crosses.cross(crossing, averages.sma(slow, row["close"], 7), averages.sma(fast, row["close"], 14))
        return (crosses.valuewhen(found, crossed, row["close"], 1),)

    check("valuewhen", ["ta.valuewhen(ta.cross(slow, fast), close, 1)"], program)


def test_volume_weighted_average_price() -> None:
    """EURUSD's day runs from 17:05 to 17:00 in New York; its 4 and 6 hour periods are counted from its start."""
    daily, four_hours, six_hours = volume.Anchored(), volume.Anchored(), volume.Anchored()
    zone = ZoneInfo("America/New_York")
    periods: dict[int, tuple[int, int]] = {}

    def program(row: Row) -> tuple[float, ...]:
        local = datetime.fromtimestamp(row["time"], UTC).astimezone(zone)
        day = (local + timedelta(hours=7)).toordinal()
        minute = (local.hour * 60 + local.minute - 17 * 60) % 1440

        def changed(minutes: int) -> bool:
            now = (day, minute // minutes)
            before = periods.get(minutes, now)
            periods[minutes] = now
            return now != before

        close, traded = row["close"], row["Volume"]
        return (
            volume.vwap_daily(daily, day, traded, close),
            volume.vwap(four_hours, traded, close, changed(240)),
            *volume.vwap_bands(six_hours, traded, close, changed(360), 2.0),
        )

    bands_name = 'ta.vwap(close, timeframe.change("360"), 2.0)'
    check(
        "vwap",
        [
            "ta.vwap(close)",
            'ta.vwap(close, timeframe.change("240"))',
            f"{bands_name}.vwap",
            f"{bands_name}.upper_band",
            f"{bands_name}.lower_band",
        ],
        program,
    )
