"""What a market data feed tells of each contract, made of the market's moves: trades, quotes, the day so far."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pinery.simulators.common.market import Move
from pinery.simulators.tradovate.products import Future, trade_date
from pinery.simulators.tradovate.wire import iso

_ZERO = Decimal(0)
_KEPT = 2000  # trades
_LEVELS, _SIZE = 10, 10  # of the depth that is shown, which is made up


@dataclass(frozen=True, slots=True)
class Trade:
    """``up``: it was bought at the offer."""

    id: int
    time: int  # Unix ms of the market
    price: Decimal
    volume: Decimal
    up: bool


@dataclass(slots=True)
class Tape:
    future: Future
    day: date | None = None
    open: Decimal = _ZERO
    high: Decimal = _ZERO
    low: Decimal = _ZERO
    settlement: Decimal | None = None
    volume: Decimal = _ZERO
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=_KEPT))
    at_price: dict[Decimal, Decimal] = field(default_factory=dict)  # the day's volume
    count: int = 0

    def take(self, move: Move) -> Trade:
        day = trade_date(move.time)
        if day != self.day:
            self.settlement = self.trades[-1].price if self.trades else None
            self.day, self.open, self.high, self.low = day, move.price, move.price, move.price
            self.volume = _ZERO
            self.at_price.clear()
        self.high, self.low = max(self.high, move.price), min(self.low, move.price)
        volume = move.volume if move.volume else Decimal(1)
        self.volume += volume
        self.at_price[move.price] = self.at_price.get(move.price, _ZERO) + volume
        self.count += 1
        before = self.trades[-1] if self.trades else None
        up = before is None or (move.price > before.price or (move.price == before.price and before.up))
        trade = Trade(self.count, move.time, move.price, volume, up)
        self.trades.append(trade)
        return trade

    @property
    def last(self) -> Trade | None:
        return self.trades[-1] if self.trades else None

    def bid(self, trade: Trade) -> Decimal:
        """What was bought left the offer at its price, what was sold the bid; they are a tick apart."""
        return trade.price - self.future.product.tick if trade.up else trade.price

    def offer(self, trade: Trade) -> Decimal:
        return self.bid(trade) + self.future.product.tick

    # --- as events have it ------------------------------------------------------------

    def quote(self) -> dict[str, Any] | None:
        trade = self.last
        if trade is None:
            return None
        entries: dict[str, Any] = {
            "Bid": {"price": self.bid(trade), "size": _SIZE},
            "Offer": {"price": self.offer(trade), "size": _SIZE},
            "Trade": {"price": trade.price, "size": trade.volume},
            "TotalTradeVolume": {"size": self.volume},
            "OpeningPrice": {"price": self.open},
            "HighPrice": {"price": self.high},
            "LowPrice": {"price": self.low},
        }
        if self.settlement is not None:
            entries["SettlementPrice"] = {"price": self.settlement}
        return {"timestamp": iso(trade.time), "contractId": self.future.id, "entries": entries}

    def depth(self) -> dict[str, Any] | None:
        """A made-up book: the same size at each of ten levels on either side."""
        trade = self.last
        if trade is None:
            return None
        tick = self.future.product.tick
        bids = [{"price": self.bid(trade) - i * tick, "size": _SIZE} for i in range(_LEVELS)]
        offers = [{"price": self.offer(trade) + i * tick, "size": _SIZE} for i in range(_LEVELS)]
        return {"contractId": self.future.id, "timestamp": iso(trade.time), "bids": bids, "offers": offers}

    def histogram(self) -> dict[str, Any] | None:
        """Volume by ticks from the day's first price."""
        trade = self.last
        if trade is None or self.day is None:
            return None
        tick = self.future.product.tick
        items = {str(int((price - self.open) / tick)): volume for price, volume in sorted(self.at_price.items())}
        day = {"year": self.day.year, "month": self.day.month, "day": self.day.day}
        return {
            "contractId": self.future.id,
            "timestamp": iso(trade.time),
            "tradeDate": day,
            "base": self.open,
            "items": items,
            "refresh": True,
        }


class Tapes:
    """Of all contracts. Listeners hear each trade."""

    def __init__(self) -> None:
        self._tapes: dict[int, Tape] = {}
        self._listeners: list[Callable[[Tape, Trade], None]] = []

    def of(self, future: Future) -> Tape:
        return self._tapes.setdefault(future.id, Tape(future))

    def listen(self, listener: Callable[[Tape, Trade], None]) -> Callable[[], None]:
        """Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def take(self, future: Future, move: Move) -> None:
        tape = self.of(future)
        trade = tape.take(move)
        for listener in list(self._listeners):
            listener(tape, trade)
