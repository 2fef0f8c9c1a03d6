"""Charts as the market data socket sends them: bars of the past, the end of history, the bar in the making; ticks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isnan
from typing import Any

from pinery.charts.feed import Candle, History
from pinery.runtime.sessions import trading_calendar
from pinery.runtime.timeframes import Buckets, Timeframe
from pinery.simulators.tradovate.answers import Failure, Problem
from pinery.simulators.tradovate.products import Future, trade_date
from pinery.simulators.tradovate.tape import Tape, Trade
from pinery.simulators.tradovate.wire import iso, unix_ms

_ZERO = Decimal(0)
_UNITS: Mapping[str, str] = {"MinuteBar": "", "DailyBar": "D", "Tick": "T"}
_MOST = 10_000


@dataclass(slots=True)
class Bar:
    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    up: Decimal = _ZERO  # volume
    down: Decimal = _ZERO
    up_ticks: int = 0
    down_ticks: int = 0

    def take(self, trade: Trade) -> None:
        self.high, self.low, self.close = max(self.high, trade.price), min(self.low, trade.price), trade.price
        if trade.up:
            self.up += trade.volume
            self.up_ticks += 1
        else:
            self.down += trade.volume
            self.down_ticks += 1

    def entity(self) -> dict[str, Any]:
        return {
            "timestamp": iso(self.time),
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "upVolume": self.up,
            "downVolume": self.down,
            "upTicks": self.up_ticks,
            "downTicks": self.down_ticks,
            "bidVolume": self.down,
            "offerVolume": self.up,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ``md/getChart`` asks for. ``first`` and ``last`` are opening times, or those of ticks, Unix ms.

    ``count`` newest bars hold all of it, of which it is ``most`` at most; ``last_tick`` is the id of the last trade.
    """

    timeframe: Timeframe
    count: int
    most: int
    first: int | None = None
    last: int | None = None
    last_tick: int | None = None

    def ticks(self, trades: Iterable[Trade]) -> list[Trade]:
        """Those of ``trades`` that were asked for."""
        first, last, last_tick = self.first, self.last, self.last_tick
        found = [
            trade
            for trade in trades
            if (first is None or trade.time >= first)
            and (last is None or trade.time <= last)
            and (last_tick is None or trade.id <= last_tick)
        ]
        return found[-self.most :]


def read_wanted(asked: Mapping[str, Any], now: int) -> Wanted:
    """Raises Problem and Failure."""
    description, span = asked.get("chartDescription"), asked.get("timeRange")
    if not isinstance(description, Mapping):
        raise Problem(400, "chartDescription is missing")
    if not isinstance(span, Mapping) or not span:
        raise Problem(400, "timeRange is missing")
    unit = _UNITS.get(str(description.get("underlyingType")))
    size = description.get("elementSize", 1)
    if unit is None or description.get("elementSizeUnit", "UnderlyingUnits") != "UnderlyingUnits":
        raise Failure(errorText="Unsupported chart description")
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= (1440 if unit == "" else 1):
        raise Failure(errorText="Unsupported elementSize")
    timeframe = Timeframe(size, unit)
    try:
        first = unix_ms(span["asFarAsTimestamp"]) if "asFarAsTimestamp" in span else None
        last = unix_ms(span["closestTimestamp"]) if "closestTimestamp" in span else None
        count = int(span["asMuchAsElements"]) if "asMuchAsElements" in span else None
        last_tick = int(span["closestTickId"]) if "closestTickId" in span else None
    except (ValueError, TypeError):
        raise Problem(400, "timeRange holds no times and numbers") from None
    if count is not None and count < 1:
        raise Failure(errorText="asMuchAsElements is at least 1")
    length = max(timeframe.seconds, 1) * 1000
    if count is None and unit == "T":
        count = 100 if first is None else _MOST
    elif count is None:
        count = (now - first) // length + 2 if first is not None else 100
    most = max(1, min(count, _MOST))
    if last is not None:
        count += (now - last) // length + 1
    return Wanted(timeframe, max(1, min(count, _MOST)), most, first, last, last_tick)


@dataclass(slots=True)
class Stream:
    """A chart that somebody follows. Trades wait in ``waiting`` until the history is out."""

    future: Future
    wanted: Wanted
    historical: int
    realtime: int
    forming: Bar | None = None
    ready: bool = False
    waiting: list[Trade] = field(default_factory=list)
    _known: int = 0  # the newest trade that the history has

    @property
    def ticks(self) -> bool:
        return self.wanted.timeframe.unit == "T"

    def update(self, tape: Tape, trade: Trade) -> dict[str, Any]:
        """The packet that tells of a trade."""
        if self.ticks:
            return tick_packet(self.realtime, tape, [trade])
        grid = Buckets(self.wanted.timeframe, trading_calendar(self.future.product.instrument))
        start = grid.start_of(trade.time)
        if self.forming is None or self.forming.time < start:
            self.forming = Bar(start, trade.price, trade.price, trade.price, trade.price)
        self.forming.take(trade)
        return bar_packet(self.realtime, [self.forming])

    def past(self, history: History | None, tape: Tape) -> list[Bar]:
        """Complete bars that were asked for; the open one goes on in ``forming``.

        What a source does not have, or not yet, is made of what was traded here, as far as that reaches back.
        """
        found, open_bar = _bars_of(history) if history is not None else ([], None)
        if history is not None and history.open is not None:
            now = history.open.now
            self._known = max((trade.id for trade in tape.trades if trade.time <= now), default=0)
        traded = bars_of_trades(tape, self.wanted)
        whole = traded if history is None else traded[1:]  # of the first one, trades may be missing
        if found:
            whole = [bar for bar in whole if bar.time > found[-1].time]
        if whole:
            *more, open_bar = whole
            found += more
            self._known = tape.count
        elif open_bar is None and traded and (not found or traded[-1].time > found[-1].time):
            open_bar, self._known = traded[-1], tape.count
        if self.wanted.last is None:
            self.forming = open_bar
        first, last = self.wanted.first, self.wanted.last
        chosen = [b for b in found if (first is None or b.time >= first) and (last is None or b.time <= last)]
        return chosen[-self.wanted.most :]

    def missed(self) -> list[Trade]:
        """Those that waited and are in no bar yet; they wait no longer."""
        found = [trade for trade in self.waiting if trade.id > self._known]
        self.waiting.clear()
        return found


def _bars_of(history: History) -> tuple[list[Bar], Bar | None]:
    bars = history.bars
    columns = zip(bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True)
    found = [_bar(int(t), float(o), float(h), float(lo), float(c), float(v)) for t, o, h, lo, c, v in columns]
    return found, _open_bar(history.open) if history.open is not None else None


def _bar(time: int, open: float, high: float, low: float, close: float, volume: float) -> Bar:
    """A source's total volume counts as bought in bars that rise, as sold in others."""
    bar = Bar(time, Decimal(repr(open)), Decimal(repr(high)), Decimal(repr(low)), Decimal(repr(close)))
    total = _ZERO if isnan(volume) else Decimal(repr(volume))
    bar.up, bar.down = (total, _ZERO) if close >= open else (_ZERO, total)
    return bar


def _open_bar(candle: Candle) -> Bar:
    return _bar(candle.time, candle.open, candle.high, candle.low, candle.close, candle.volume)


def bars_of_trades(tape: Tape, wanted: Wanted) -> list[Bar]:
    """Bars of what was traded here, the open one last."""
    grid = Buckets(wanted.timeframe, trading_calendar(tape.future.product.instrument))
    found: list[Bar] = []
    for trade in tape.trades:
        start = grid.start_of(trade.time)
        if not found or found[-1].time < start:
            found.append(Bar(start, trade.price, trade.price, trade.price, trade.price))
        found[-1].take(trade)
    return found


def _td(time: int) -> int:
    day = trade_date(time)
    return day.year * 10_000 + day.month * 100 + day.day


def bar_packet(id: int, bars: list[Bar]) -> dict[str, Any]:
    return {"id": id, "td": _td(bars[-1].time), "bars": [bar.entity() for bar in bars]}


def tick_packet(id: int, tape: Tape, trades: list[Trade]) -> dict[str, Any]:
    """Prices in ticks from ``bp``, times in ms from ``bt``."""
    size = tape.future.product.tick
    base, start = trades[0].price, trades[0].time

    def ticks(price: Decimal) -> int:
        return int((price - base) / size)

    return {
        "id": id,
        "s": "db",
        "td": _td(start),
        "bp": int(base / size),
        "bt": start,
        "ts": size,
        "tks": [
            {
                "t": trade.time - start,
                "p": ticks(trade.price),
                "s": trade.volume,
                "b": ticks(tape.bid(trade)),
                "a": ticks(tape.offer(trade)),
                "bs": 10,
                "as": 10,
                "id": trade.id,
            }
            for trade in trades
        ],
    }
