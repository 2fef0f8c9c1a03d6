"""The market of a simulator: the last price of each symbol, and who is told when it moves.

Symbols are EXCHANGE:TICKER here; simulators know what their venue calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pinery.charts.feed import Candle, ChartFeed, Price
from pinery.charts.steps import Steps
from pinery.runtime.timeframes import Timeframe

_ANY = Timeframe(1, "")  # prices are the same in every timeframe


@dataclass(frozen=True, slots=True)
class Move:
    """The price of ``symbol`` got from ``before`` (None: there was none) to ``price``.

    By a jump, or passing every price between. ``time`` is Unix ms of the market, ``volume`` what was traded.
    """

    symbol: str
    before: Decimal | None
    price: Decimal
    time: int
    volume: Decimal = Decimal(0)
    jumps: bool = True


class Market:
    """Told by ``move`` or by a chart feed. Listeners are called in the event loop's thread, in the order they came."""

    def __init__(self) -> None:
        self.prices: dict[str, Decimal] = {}
        self._listeners: list[Callable[[Move], None]] = []

    def listen(self, listener: Callable[[Move], None]) -> None:
        self._listeners.append(listener)

    def forget(self, listener: Callable[[Move], None]) -> None:
        self._listeners.remove(listener)

    def move(self, symbol: str, price: Decimal, time: int, volume: Decimal = Decimal(0), *, jumps: bool = True) -> None:
        move = Move(symbol, self.prices.get(symbol), price, time, volume, jumps)
        self.prices[symbol] = price
        for listener in list(self._listeners):
            listener(move)

    async def follow(self, feed: ChartFeed, symbols: Sequence[str]) -> None:
        """Until the feed ends. Raises DataError when it breaks."""
        steps = {symbol: Steps() for symbol in symbols}
        async for event in feed.events([(symbol, _ANY) for symbol in symbols]):
            if isinstance(event, Price):
                volume = Decimal(repr(event.volume)) if event.volume == event.volume else Decimal(0)
                self.move(event.symbol, Decimal(repr(event.price)), event.time, volume, jumps=event.jumps)
            elif isinstance(event, Candle):
                for step in steps[event.symbol].take(event):
                    self.move(event.symbol, Decimal(repr(step.price)), event.now, jumps=step.jumps)
