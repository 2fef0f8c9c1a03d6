"""Which prices orders fill on: the chart's bars, finer bars inside them, or standard bars under a synthetic chart."""

from __future__ import annotations

from pinery.core.bars import BarSeries
from pinery.emulator.path import Path, add_bar
from pinery.runtime.context import Runtime
from pinery.runtime.orders import StrategySettings
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.timeframes import Timeframe

# Chart timeframe below so many seconds: timeframe of the bars inside (TradingView's table for the bar magnifier).
_MAGNIFIER = (
    (30, "1S"),
    (300, "5S"),
    (1_800, "15S"),
    (3_600, "1"),
    (14_400, "5"),
    (86_400, "15"),
    (604_800, "60"),
    (1_209_600, "120"),
)
MAX_FINER_BARS = 200_000  # the newest ones; bars before go by the chart's prices (guide, historical bar detail)


class Feed:
    """Builds the path of each chart bar, in order. ``open`` .. ``close`` are the prices that orders see."""

    __slots__ = ("_finer", "_finer_at", "_rt", "_times", "close", "high", "low", "open")

    def __init__(self, settings: StrategySettings, rt: Runtime) -> None:
        columns = rt.columns
        self._rt = rt
        self._times = columns.time
        self.open, self.high, self.low, self.close = columns.open, columns.high, columns.low, columns.close
        self._finer: BarSeries | None = None
        self._finer_at = 0
        if settings.fill_orders_on_standard_ohlc and rt.chart_kind != "standard":
            self._use_standard()
        if settings.use_bar_magnifier:
            self._magnify()

    def fill(self, path: Path, i: int) -> None:
        """Lay the path of bar ``i``."""
        if self._finer is None or not self._inside(self._finer, path, i):
            add_bar(path, self.open[i], self.high[i], self.low[i], self.close[i])

    def _inside(self, bars: BarSeries, path: Path, i: int) -> bool:
        """The path through the finer bars of chart bar ``i``; False where there are none."""
        opened, closed = self._times[i], self._rt.columns.time_close[i]
        time = bars.time
        at, count = self._finer_at, len(time)
        while at < count and time[at] < opened:
            at += 1
        while at < count and time[at] < closed:
            add_bar(path, float(bars.open[at]), float(bars.high[at]), float(bars.low[at]), float(bars.close[at]))
            at += 1
        self._finer_at = at
        return bool(path.prices)

    def _magnify(self) -> None:
        rt = self._rt
        seconds = rt.timeframe.seconds
        name = next((finer for below, finer in _MAGNIFIER if seconds < below), "1D")
        frame = Timeframe.parse(name, rt.timeframe)
        if frame.seconds >= seconds:
            return
        bars = rt.data.bars(rt.instrument.tickerid, frame)
        if bars is None or not len(bars):
            rt.warn(f"bar magnifier: no {frame} bars of {rt.instrument.tickerid}; fills follow the chart's bars")
            return
        self._finer = bars.slice(max(0, len(bars) - MAX_FINER_BARS), len(bars))

    def _use_standard(self) -> None:
        """Standard bars of the chart's symbol, by opening time; a bar without one keeps the chart's prices."""
        rt = self._rt
        ticker = parse_tickerid(rt.instrument.tickerid)[0]
        bars = rt.data.bars(ticker, rt.timeframe)
        if bars is None or not len(bars):
            rt.warn(f"no standard bars of {ticker}: orders fill on the chart's own prices")
            return
        places = {int(time): i for i, time in enumerate(bars.time)}
        found = [places.get(time, -1) for time in self._times]
        for name in ("open", "high", "low", "close"):
            column = getattr(bars, name).tolist()
            own = getattr(rt.columns, name)
            setattr(self, name, [column[k] if k >= 0 else own[i] for i, k in enumerate(found)])
