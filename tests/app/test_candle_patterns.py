"""The library's candle patterns: each is told at the last of the candles that make it, and only in its trend."""

from __future__ import annotations

import pinery as package
from pinery.app.library import library_script

Candle = tuple[float, float, float, float]  # open, high, low, close

QUIET: list[Candle] = [(100, 102.5, 99.5, 102), (102, 102.5, 99.5, 100)] * 10
FELL: Candle = (106, 106.5, 99.5, 100)
ROSE: Candle = (100, 106.5, 99.5, 106)
DOJI: Candle = (100, 101, 99, 100)
HEADED: Candle = (100, 101, 97, 101)
FOOTED: Candle = (101, 104, 100, 100)

PATTERNS: dict[str, list[Candle]] = {
    "Marubozu white": [(100, 106, 100, 106)],
    "Marubozu black": [(100, 100, 94, 94)],
    "Hammer": [HEADED],
    "Inverted hammer": [FOOTED],
    "Hanging man": [HEADED],
    "Shooting star": [FOOTED],
    "Doji": [DOJI],
    "Dragonfly doji": [(100, 100, 97, 100)],
    "Gravestone doji": [(100, 103, 100, 100)],
    "Spinning top white": [(100, 102.5, 98.5, 100.75)],
    "Spinning top black": [(100.75, 102.5, 98.5, 100)],
    "Long lower shadow": [(100, 100.5, 95, 100.5)],
    "Long upper shadow": [(100, 105, 99.75, 100.25)],
    "Engulfing bullish": [(101, 101.5, 99.5, 100), (99, 105, 98.5, 104)],
    "Engulfing bearish": [(100, 101.5, 99.5, 101), (102, 102.5, 96, 97)],
    "Harami bullish": [FELL, (102, 104, 101.5, 103)],
    "Harami bearish": [ROSE, (104, 104.5, 102, 103)],
    "Harami cross bullish": [FELL, (102, 103, 101, 102)],
    "Harami cross bearish": [ROSE, (102, 103, 101, 102)],
    "Piercing": [FELL, (99, 105, 98.5, 104)],
    "Dark cloud cover": [ROSE, (107, 107.5, 101, 102)],
    "Tweezer bottom": [FELL, (100.5, 103, 99.5, 102)],
    "Tweezer top": [ROSE, (105, 106.5, 103, 104)],
    "On neck": [FELL, (98.75, 99.5, 98.5, 99.5)],
    "Kicking bullish": [(106, 106, 100, 100), (108, 114, 108, 114)],
    "Kicking bearish": [(100, 106, 100, 106), (98, 98, 92, 92)],
    "Doji star bullish": [FELL, (98, 99, 97, 98)],
    "Doji star bearish": [ROSE, (108, 109, 107, 108)],
    "Rising window": [(100, 102, 99, 101), (104, 105, 103, 104.5)],
    "Falling window": [(100, 102, 99, 101), (96, 97, 95, 95.5)],
    "Morning star": [FELL, (98, 99, 97, 98.5), (99, 105.5, 98.75, 105)],
    "Evening star": [ROSE, (108, 109, 107, 107.5), (107, 107.25, 100.5, 101)],
    "Morning doji star": [FELL, (98, 99, 97, 98), (99, 105.5, 98.75, 105)],
    "Evening doji star": [ROSE, (108, 109, 107, 108), (107, 107.25, 100.5, 101)],
    "Three white soldiers": [(100, 104, 99.5, 104), (102, 107, 101.75, 107), (105, 110, 104.75, 110)],
    "Three black crows": [(110, 110.25, 106, 106), (108, 108.25, 103, 103), (105, 105.25, 100, 100)],
    "Abandoned baby bullish": [FELL, (98, 98.75, 97, 98), (100, 104, 99.5, 103)],
    "Abandoned baby bearish": [ROSE, (108, 109, 107.5, 108), (106, 106.5, 102, 103)],
    "Tri-star bullish": [DOJI, (98, 99, 97, 98), DOJI],
    "Tri-star bearish": [DOJI, (102, 103, 101, 102), DOJI],
    "Upside tasuki gap": [ROSE, (107, 108.5, 106.75, 108), (107.5, 107.75, 106.25, 106.5)],
    "Downside tasuki gap": [FELL, (99, 99.25, 97.5, 98), (98.5, 99.75, 98.25, 99.5)],
    "Rising three methods": [
        (100, 108.5, 99.5, 108), (107, 107.5, 105, 106), (106, 106.5, 104, 105), (105, 105.5, 103, 104),
        (104, 110.5, 103.5, 110),
    ],
    "Falling three methods": [
        (108, 108.5, 99.5, 100), (101, 103, 100.5, 102), (102, 104, 101.5, 103), (103, 105, 102.5, 104),
        (104, 104.5, 97.5, 98),
    ],
}  # fmt: skip


def told(candles: list[Candle], **inputs: object) -> dict[int, set[str]]:
    """Names of patterns by bar."""
    opens, highs, lows, closes = zip(*candles, strict=True)
    bars = {
        "time": [1672704000 + 900 * at for at in range(len(candles))],
        "open": opens, "high": highs, "low": lows, "close": closes, "volume": [100.0] * len(candles),
    }  # fmt: skip
    script = library_script("indicators/candle-patterns.pine")
    result = package.run(script, bars=bars, symbol="CME_MINI:ES1!", timeframe="15", inputs=inputs)
    names: dict[int, set[str]] = {}
    for alert in result.alerts:
        names.setdefault(alert.bar_index, set()).add(alert.title)
    return names


def test_each_of_the_44_is_told_at_its_last_candle() -> None:
    candles: list[Candle] = []
    last: dict[str, int] = {}
    for name, made in PATTERNS.items():
        candles += [*QUIET, *made]
        last[name] = len(candles) - 1
    assert len(PATTERNS) == 44
    found = told(candles, Trend="None")
    assert [name for name, bar in last.items() if name not in found.get(bar, set())] == []


def test_a_reversal_counts_against_its_trend_only_and_can_be_switched_off() -> None:
    falling: list[Candle] = [(200 - at, 200.5 - at, 198.5 - at, 199 - at) for at in range(60)]
    candles = [*falling, (140, 140.5, 137, 140.5)]
    assert "Hammer" in told(candles)[60] and "Hanging man" not in told(candles)[60]
    assert "Hammer" not in told(candles, Hammer=False).get(60, set())
    assert "Any bullish pattern" not in told(candles, Patterns="Bearish").get(60, set())
