"""Non-standard charts: Heikin Ashi, Renko, Line Break, Kagi and Point & Figure bars made from ordinary ones.

Prices of these bars are synthetic. ``transform`` serves ticker identifiers that ask for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pinery.core.bars import BarSeries, FloatArray
from pinery.core.errors import DataError
from pinery.runtime.tickers import Modifiers


def transform(bars: BarSeries, modifiers: Modifiers) -> BarSeries:
    """Bars of the chart that a ticker identifier's modifiers ask for (see ``tickers.parse_tickerid``).

    Raises DataError for chart types that cannot be made, and for settings that make no bars.
    """
    kind = modifiers.get("type")
    if kind is None:
        return bars
    maker = _MAKERS.get(str(kind))
    if maker is None:
        raise DataError(f"{kind} bars cannot be made", f"these can: {', '.join(_MAKERS)}")
    return maker(bars, modifiers)


def heikinashi(bars: BarSeries) -> BarSeries:
    """Close is the mean of the bar's four prices; open the middle of the bar before.

    The first bar opens in the middle of its own open and close.
    """
    close = (bars.open + bars.high + bars.low + bars.close) / 4
    opens = np.empty_like(close)
    if len(bars):
        before = (float(bars.open[0]) + float(bars.close[0])) / 2
        out = [before]
        for value in close[:-1].tolist():
            before = (before + value) / 2
            out.append(before)
        opens[:] = out
    high = np.maximum(bars.high, np.maximum(opens, close))
    low = np.minimum(bars.low, np.minimum(opens, close))
    return BarSeries(bars.time, opens, high, low, close, bars.volume)


def box_size(bars: BarSeries, style: str, param: float) -> float:
    """The brick size of a whole Renko chart, box size of a Point & Figure one, reversal of a Kagi one.

    ``Traditional``: ``param`` itself. ``ATR``: the last value of the average true range of ``param``
    bars. ``PercentageLTP``: ``param`` per cent of the last close.
    """
    if style == "Traditional":
        size = param
    elif style == "ATR":
        size = _last_atr(bars, int(param)) if param == param else param
    elif style == "PercentageLTP":
        size = float(bars.close[-1]) * param / 100 if len(bars) else float("nan")
    else:
        raise DataError(f"unknown style {style!r} of a chart", "use ATR, Traditional or PercentageLTP")
    if not 0 < size < float("inf"):
        raise DataError(f"a chart with steps of {size:g}", "choose a positive size, or a shorter ATR")
    return size


def _last_atr(bars: BarSeries, length: int) -> float:
    """Wilder's average, seeded with the mean of the first ``length`` true ranges."""
    if length < 1 or len(bars) < length:
        return float("nan")
    before = np.append(bars.close[:1], bars.close[:-1])
    ranges = np.maximum(bars.high - bars.low, np.maximum(abs(bars.high - before), abs(bars.low - before)))
    ranges[0] = bars.high[0] - bars.low[0]
    average = float(ranges[:length].mean())
    for value in ranges[length:].tolist():
        average += (value - average) / length
    return average


@dataclass(slots=True)
class _Bricks:
    time: list[int] = field(default_factory=list)
    open: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    close: list[float] = field(default_factory=list)
    volume: list[float] = field(default_factory=list)

    def add(self, time: int, opens: float, high: float, low: float, close: float, volume: float) -> None:
        self.time.append(time)
        self.open.append(opens)
        self.high.append(high)
        self.low.append(low)
        self.close.append(close)
        self.volume.append(volume)

    def series(self) -> BarSeries:
        columns: list[FloatArray] = [
            np.array(c, np.float64) for c in (self.open, self.high, self.low, self.close, self.volume)
        ]
        return BarSeries(np.array(self.time, np.int64), *columns)


_MOST_BRICKS = 1_000_000


def renko(bars: BarSeries, size: float, wicks: bool = False) -> BarSeries:
    """Bricks of ``size`` from closing prices, counted from the first close.

    A brick in the direction of the last needs one size beyond its close; a turn needs two, and
    begins at the last brick's open. Several bricks of one bar share its time; the volume since the
    last brick is in the first of them. With ``wicks`` a brick reaches to the price that went
    against it since the last one.
    """
    out = _Bricks()
    if not len(bars):
        return out.series()
    last = float(bars.close[0])
    direction = 0
    volume = 0.0
    against_low = against_high = last
    rows = zip(
        bars.time.tolist(),
        bars.high.tolist(),
        bars.low.tolist(),
        bars.close.tolist(),
        np.nan_to_num(bars.volume).tolist(),
        strict=True,
    )
    tolerance = size * 1e-9
    for time, high, low, close, traded in rows:
        volume += traded
        against_high, against_low = max(against_high, high), min(against_low, low)
        while True:
            up = last + size * (2 if direction < 0 else 1)
            down = last - size * (2 if direction > 0 else 1)
            if close >= up - tolerance:
                opens = up - size
                out.add(time, opens, up, min(opens, against_low) if wicks else opens, up, volume)
                last, direction = up, 1
            elif close <= down + tolerance:
                opens = down + size
                out.add(time, opens, max(opens, against_high) if wicks else opens, down, down, volume)
                last, direction = down, -1
            else:
                break
            volume = 0.0
            against_low = against_high = last
            if len(out.time) > _MOST_BRICKS:
                raise DataError(f"More than {_MOST_BRICKS} Renko bricks of size {size:g}", "choose a larger size")
    return out.series()


def linebreak(bars: BarSeries, lines: int = 3) -> BarSeries:
    """A line in the same direction when the close passes the last line's; a turn when it passes the
    far end of the last ``lines`` lines. The first line runs from the first open to the first close."""
    if lines < 1:
        raise DataError(f"Line Break of {lines} lines", "use 1 or more")
    out = _Bricks()
    volume = 0.0
    opens = float(bars.open[0]) if len(bars) else 0.0
    for time, close, traded in zip(
        bars.time.tolist(), bars.close.tolist(), np.nan_to_num(bars.volume).tolist(), strict=True
    ):
        volume += traded
        if not out.time:
            if close == opens:
                continue
        else:
            top = max(out.high[-lines:])
            bottom = min(out.low[-lines:])
            rising = out.close[-1] > out.open[-1]
            if close > (out.close[-1] if rising else top):
                opens = out.close[-1] if rising else out.open[-1]
            elif close < (bottom if rising else out.close[-1]):
                opens = out.open[-1] if rising else out.close[-1]
            else:
                continue
        out.add(time, opens, max(opens, close), min(opens, close), close, volume)
        volume = 0.0
    return out.series()


def kagi(bars: BarSeries, reversal: float) -> BarSeries:
    """Lines between turns of the closing price by ``reversal`` or more.

    A line opens where the last one ended and closes at its own extreme. It is known when the next
    line begins, and has the time of the bar that does so; the unfinished line has the last bar's.
    """
    out = _Bricks()
    start = end = float(bars.close[0]) if len(bars) else 0.0
    volume = pending = 0.0
    time = 0
    for time, close, traded in zip(
        bars.time.tolist(), bars.close.tolist(), np.nan_to_num(bars.volume).tolist(), strict=True
    ):
        pending += traded
        direction = (end > start) - (end < start)
        if direction == 0:
            end = close if abs(close - start) >= reversal else start
        elif (close - end) * direction >= 0:
            end = close
        elif abs(close - end) >= reversal:
            out.add(time, start, max(start, end), min(start, end), end, volume)
            start, end, volume = end, close, 0.0
        else:
            continue
        volume, pending = volume + pending, 0.0
    if end != start:
        out.add(time, start, max(start, end), min(start, end), end, volume + pending)
    return out.series()


def pointfigure(bars: BarSeries, box: float, reversal: int = 3, source: str = "hl") -> BarSeries:
    """Columns of boxes of size ``box``, whose edges are multiples of it.

    A rising column grows while the highs (``source`` "hl") or closes ("close") fill further boxes; else it ends
    when the lows or closes fall ``reversal`` boxes below its top. The new column starts one box off.
    Falling columns are the mirror image. A column is known, and timed, when the next one begins.
    """
    if reversal < 1:
        raise DataError(f"Point & Figure with a reversal of {reversal} boxes", "use 1 or more")
    out = _Bricks()
    if not len(bars):
        return out.series()
    highs, lows = (bars.high, bars.low) if source == "hl" else (bars.close, bars.close)
    first = float(bars.close[0]) / box
    bottom, top = math.floor(first + 1e-9), math.ceil(first - 1e-9)
    direction = 0
    volume = 0.0

    def finish(time: int) -> None:
        low, high = bottom * box, top * box
        out.add(time, low if direction > 0 else high, high, low, high if direction > 0 else low, volume)

    rows = zip(bars.time.tolist(), highs.tolist(), lows.tolist(), np.nan_to_num(bars.volume).tolist(), strict=True)
    for time, high, low, traded in rows:
        volume += traded
        above, below = math.floor(high / box + 1e-9), math.ceil(low / box - 1e-9)
        if direction >= 0 and above > top:
            direction, top = 1, above
        elif direction <= 0 and below < bottom:
            direction, bottom = -1, below
        elif direction > 0 and below <= top - reversal:
            finish(time)
            direction, bottom, top, volume = -1, below, top - 1, 0.0
        elif direction < 0 and above >= bottom + reversal:
            finish(time)
            direction, bottom, top, volume = 1, bottom + 1, above, 0.0
    if direction:
        finish(int(bars.time[-1]))
    return out.series()


def _steps(bars: BarSeries, modifiers: Modifiers) -> float:
    return box_size(bars, str(modifiers.get("style") or "ATR"), float(modifiers.get("param") or math.nan))


def _kagi(bars: BarSeries, modifiers: Modifiers) -> BarSeries:
    return kagi(bars, _steps(bars, modifiers)) if len(bars) else bars


def _pointfigure(bars: BarSeries, modifiers: Modifiers) -> BarSeries:
    if not len(bars):
        return bars
    return pointfigure(
        bars, _steps(bars, modifiers), int(modifiers.get("reversal") or 0), str(modifiers.get("source") or "hl")
    )


def _renko(bars: BarSeries, modifiers: Modifiers) -> BarSeries:
    if not len(bars):
        return bars
    size = box_size(bars, str(modifiers.get("style", "ATR")), float(modifiers.get("param", 14)))
    return renko(bars, size, bool(modifiers.get("wicks", False)))


_MAKERS: dict[str, Callable[[BarSeries, Modifiers], BarSeries]] = {
    "heikinashi": lambda bars, modifiers: heikinashi(bars),
    "renko": _renko,
    "linebreak": lambda bars, modifiers: linebreak(bars, int(modifiers.get("param", 3))),
    "kagi": _kagi,
    "pointfigure": _pointfigure,
}
