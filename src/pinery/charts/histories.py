"""Histories of any timeframe from bars of a shorter one, of which the last may still be open."""

from __future__ import annotations

import numpy as np

from pinery.charts.feed import Candle, History
from pinery.core.bars import BarSeries
from pinery.core.errors import DataError
from pinery.core.instrument import Instrument
from pinery.market.resample import resample
from pinery.runtime.timeframes import Timeframe

VOLUME_DIGITS = 8  # sums of the same volumes in another order are then the same number

_COLUMNS = ("open", "high", "low", "close", "volume")


def history(
    source: BarSeries, instrument: Instrument, base: Timeframe, timeframe: Timeframe, symbol: str, now: int, end: int
) -> History:
    """Of bars of ``base`` up to ``now``, where the last of them may be open; ``end`` is when that is over."""
    made = resample(source, instrument, base, timeframe)
    bars = made.bars
    volume = np.round(bars.volume, VOLUME_DIGITS)
    bars = BarSeries(bars.time, bars.open, bars.high, bars.low, bars.close, volume)
    n = len(bars)
    over = end if base == timeframe else int(made.time_close[-1]) if n else 0
    if not n or over <= now:
        return History(bars)
    last = n - 1
    opened, high, low, close, traded = (float(getattr(bars, name)[last]) for name in _COLUMNS)
    return History(
        bars.slice(0, last),
        Candle(symbol, timeframe, int(bars.time[last]), opened, high, low, close, traded, now, False),
    )


def check_makes(symbol: str, base: Timeframe, timeframe: Timeframe) -> None:
    """Raises DataError unless bars of ``timeframe`` can be made of bars of ``base``."""
    if base == timeframe or (base.unit == "T" and timeframe.unit != "T"):
        return
    fits = timeframe.seconds > base.seconds
    if timeframe.isintraday:
        fits = fits and timeframe.seconds % base.seconds == 0
    else:
        fits = fits and (base.isintraday or base == Timeframe(1, "D") or base.unit == timeframe.unit == "M")
    if not fits:
        raise DataError(
            f"bars of {symbol} in timeframe {timeframe} cannot be made of those in {base} that its feed has",
            f"choose {base}, or a longer timeframe that is made up of it",
        )
