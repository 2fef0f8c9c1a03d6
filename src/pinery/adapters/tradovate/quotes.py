"""Quotes of the contracts that an account trades, from a subscription that Tradovate sells apart from trading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import structlog

from pinery.adapters.tradovate.errors import Failure
from pinery.adapters.tradovate.mapping import milliseconds
from pinery.adapters.tradovate.market_stream import MarketStream
from pinery.trading.broker import Quote


class Quotes:
    """``take`` gets each quote. ``again``: seconds before a subscription that failed is tried again; doubles up to
    ``longest``."""

    def __init__(self, stream: MarketStream, take: Callable[[Quote], None], again: float, longest: float) -> None:
        self._stream = stream
        self._take = take
        self._again = again
        self._longest = longest
        self._wanted: dict[int, tuple[str, str]] = {}  # contract id -> the venue's name, Pinery's symbol
        self._subscribed: set[int] = set()
        self._news = stream.quotes()
        self._more = asyncio.Event()

    def want(self, contract_id: int, name: str, symbol: str) -> None:
        """From now on."""
        if contract_id not in self._wanted:
            self._wanted[contract_id] = (name, symbol)
            self._more.set()

    async def run(self) -> None:
        """Until canceled."""
        subscribing = asyncio.create_task(self._subscribe())
        try:
            while True:
                quote = await self._news.get()
                if quote is None:
                    self._subscribed.clear()
                    self._more.set()
                    continue
                told = self._read(quote)
                if told is not None:
                    self._take(told)
        finally:
            subscribing.cancel()
            await asyncio.gather(subscribing, return_exceptions=True)
            await self._stream.close()

    async def _subscribe(self) -> None:
        failures = 0
        while True:
            await self._more.wait()
            self._more.clear()
            for contract_id in self._wanted.keys() - self._subscribed:
                name = self._wanted[contract_id][0]
                try:
                    await self._stream.subscribe_quote(name)
                except Failure as failure:
                    structlog.get_logger().warning("tradovate_quotes", contract=name, problem=failure.reason)
                    self._more.set()
                else:
                    self._subscribed.add(contract_id)
            failed = bool(self._wanted.keys() - self._subscribed)
            if failed:
                await asyncio.sleep(min(self._longest, self._again * 2**failures))
            failures = min(failures + 1, 16) if failed else 0

    def _read(self, quote: Mapping[str, Any]) -> Quote | None:
        """None for a contract that nobody asked for, or without a last price."""
        wanted = self._wanted.get(quote.get("contractId", 0))
        entries = quote.get("entries")
        if wanted is None or not isinstance(entries, Mapping):
            return None
        price = _price(entries.get("Trade"))
        if price is None:
            return None
        try:
            at = milliseconds(quote.get("timestamp"))
        except ValueError:
            return None
        bid, ask = _price(entries.get("Bid")), _price(entries.get("Offer"))
        return Quote(wanted[1], price, at, "venue", bid, ask)


def _price(entry: Any) -> Decimal | None:
    value = entry.get("price") if isinstance(entry, Mapping) else None
    return Decimal(value) if isinstance(value, int | Decimal) else None
