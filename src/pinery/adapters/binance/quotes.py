"""Prices of what the account trades: trades of the market stream, a few a second for each symbol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import structlog

from pinery.adapters.binance.instruments import symbol_of
from pinery.adapters.binance.market_stream import MarketStream
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.broker import Quote
from pinery.trading.clock import Clock


class Quotes:
    """``on_quote`` gets the last price, at most every ``quote_every`` seconds for each symbol, and never misses the
    last one. Names are Binance's."""

    def __init__(self, settings: BinanceSettings, clock: Clock, on_quote: Callable[[Quote], None]) -> None:
        self._every = settings.quote_every
        self._on_quote = on_quote
        self._stream = MarketStream(
            settings.stream_url,
            clock,
            life=settings.stream_life,
            ping_every=settings.ping_every,
            backoff=settings.backoff,
        )
        self._names: set[str] = set()
        self._waiting: dict[str, Quote] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        self._stream.subscribe([f"{name.lower()}@aggTrade"])
        if self._task is None:
            self._task = asyncio.create_task(self._read())

    async def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        await self._stream.close()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _read(self) -> None:
        async for message in self._stream.messages():
            try:
                self._take(message)
            except (KeyError, ValueError, ArithmeticError):
                structlog.get_logger().warning("binance_trade_unreadable")

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("e") != "aggTrade":
            return
        name = str(message["s"])
        quote = Quote(symbol_of(name), Decimal(str(message["p"])), int(message["T"]), "venue")
        if name in self._timers:
            self._waiting[name] = quote
            return
        self._say(name, quote)

    def _say(self, name: str, quote: Quote) -> None:
        self._on_quote(quote)
        self._timers[name] = asyncio.get_running_loop().call_later(self._every, self._due, name)

    def _due(self, name: str) -> None:
        del self._timers[name]
        waiting = self._waiting.pop(name, None)
        if waiting is not None:
            self._say(name, waiting)
