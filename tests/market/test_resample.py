from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.chart_types import heikinashi, linebreak, renko, transform
from pinery.market.resample import resample
from pinery.runtime.timeframes import Timeframe

CRYPTO = Instrument("BINANCE", "ETHUSDT")
FUTURES = Instrument("CME_MINI", "ES1!", type="futures", timezone="America/Chicago", session="1700-1600")


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def series(times: list[int], closes: list[float], volume: list[float] | None = None) -> BarSeries:
    close = np.array(closes)
    opens = np.append(close[:1], close[:-1])
    return BarSeries(
        np.array(times, np.int64),
        opens,
        np.maximum(opens, close) + 1,
        np.minimum(opens, close) - 1,
        close,
        np.ones(len(close)) if volume is None else np.array(volume),
    )


def test_hours_from_quarters_begin_with_the_data() -> None:
    times = [ms("2024-07-01T00:30") + i * 900_000 for i in range(7)]  # 00:30 .. 02:00
    made = resample(series(times, [10, 12, 9, 11, 20, 8, 7]), CRYPTO, Timeframe(15, ""), Timeframe(60, ""))
    assert made.bars.time.tolist() == [ms("2024-07-01T00:00"), ms("2024-07-01T01:00"), ms("2024-07-01T02:00")]
    assert made.time_close.tolist() == [ms("2024-07-01T01:00"), ms("2024-07-01T02:00"), ms("2024-07-01T03:00")]
    assert made.first.tolist() == [0, 2, 6]
    assert made.bars.open.tolist() == [10, 12, 8]
    assert made.bars.high.tolist() == [13, 21, 9]
    assert made.bars.low.tolist() == [9, 7, 6]
    assert made.bars.close.tolist() == [12, 8, 7]
    assert made.bars.volume.tolist() == [2, 4, 1]


def test_days_of_futures_begin_on_the_evening_before() -> None:
    start = ms("2024-06-30T17:00", "America/Chicago")
    times = [start + i * 3_600_000 for i in range(23)] + [start + (24 + i) * 3_600_000 for i in range(23)]
    made = resample(series(times, [float(i) for i in range(46)]), FUTURES, Timeframe(60, ""), Timeframe(1, "D"))
    assert made.bars.time.tolist() == [start, ms("2024-07-01T17:00", "America/Chicago")]
    assert made.time_close.tolist() == [
        ms("2024-07-01T16:00", "America/Chicago"),
        ms("2024-07-02T16:00", "America/Chicago"),
    ]
    assert made.bars.close.tolist() == [22, 45]
    assert made.bars.volume.tolist() == [23, 23]


def test_months_from_days() -> None:
    times = [ms("2024-01-30") + i * 86_400_000 for i in range(32)]
    made = resample(series(times, [1.0] * 32), CRYPTO, Timeframe(1, "D"), Timeframe(1, "M"))
    assert made.bars.time.tolist() == [ms("2024-01-01"), ms("2024-02-01"), ms("2024-03-01")]
    assert made.bars.volume.tolist() == [2, 29, 1]


def test_volume_is_na_only_without_any() -> None:
    nan = float("nan")
    times = [i * 900_000 for i in range(8)]
    bars = series(times, [1.0] * 8, [1, nan, 2, 3, nan, nan, nan, nan])
    volume = resample(bars, CRYPTO, Timeframe(15, ""), Timeframe(60, "")).bars.volume
    assert volume[0] == 6 and np.isnan(volume[1])


def test_many_bars_group_as_one_by_one() -> None:
    times = [ms("2024-01-01") + i * 60_000 for i in range(5000)]
    bars = series(times, [float(i % 97) for i in range(5000)])
    for minutes in (8, 11, 13, 60, 240):
        made = resample(bars, CRYPTO, Timeframe(1, ""), Timeframe(minutes, ""))
        frame = Timeframe(minutes, "")
        starts = [frame.bucket_start(t, CRYPTO) for t in times]
        assert made.bars.time.tolist() == sorted(set(starts))
        assert made.bars.volume.sum() == 5000


def test_a_shorter_timeframe_cannot_be_made() -> None:
    with pytest.raises(DataError, match="Cannot make 1 bars"):
        resample(series([0], [1.0]), CRYPTO, Timeframe(15, ""), Timeframe(1, ""))


def test_nothing_stays_nothing() -> None:
    made = resample(series([], []), CRYPTO, Timeframe(15, ""), Timeframe(60, ""))
    assert len(made.bars) == len(made.time_close) == 0


def test_heikin_ashi() -> None:
    bars = BarSeries(
        np.array([0, 1], np.int64),
        np.array([10.0, 14.0]),
        np.array([16.0, 18.0]),
        np.array([8.0, 12.0]),
        np.array([14.0, 16.0]),
        np.array([1.0, 2.0]),
    )
    made = heikinashi(bars)
    assert made.close.tolist() == [12, 15]
    assert made.open.tolist() == [12, 12]  # (10 + 14) / 2, then (12 + 12) / 2
    assert made.high.tolist() == [16, 18]
    assert made.low.tolist() == [8, 12]
    assert transform(bars, {"type": "heikinashi"}).close.tolist() == [12, 15]


def test_renko_turns_after_two_bricks() -> None:
    bars = series(list(range(6)), [100, 109, 121, 111, 101, 99])
    made = renko(bars, 10)
    assert made.open.tolist() == [100, 110, 110]
    assert made.close.tolist() == [110, 120, 100]
    assert made.time.tolist() == [2, 2, 5]
    assert made.volume.tolist() == [3, 0, 3]


def test_line_break_turns_past_three_lines() -> None:
    bars = series(list(range(7)), [10, 12, 14, 16, 13, 11, 9])
    made = linebreak(bars, 3)
    assert list(zip(made.open.tolist(), made.close.tolist(), strict=True)) == [(10, 12), (12, 14), (14, 16), (14, 9)]


def test_unknown_charts_are_an_error() -> None:
    with pytest.raises(DataError, match="tick bars cannot be made"):
        transform(series([0], [1.0]), {"type": "tick"})
    with pytest.raises(DataError, match="steps of 0"):
        transform(series([0], [1.0]), {"type": "renko", "style": "Traditional", "param": 0})
