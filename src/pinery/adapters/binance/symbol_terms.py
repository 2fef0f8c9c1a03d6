"""Before the first entry in a symbol: the symbol is traded, margin type and leverage are as configured.

What does not fit refuses entries in that symbol and nothing else: a position that is held can always be protected and
closed, and the other symbols go on.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from pinery.adapters.binance.errors import MARGIN_TYPE_BLOCKED, SAME_MARGIN_TYPE, Failure, Kind
from pinery.adapters.binance.instruments import Instruments, venue_name
from pinery.adapters.binance.rest import Rest
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.errors import NotSent, Rejected

_MARGIN_TYPES = {"cross": "CROSSED", "isolated": "ISOLATED"}


class SymbolTerms:
    def __init__(self, rest: Rest, settings: BinanceSettings, instruments: Instruments) -> None:
        self._rest = rest
        self._settings = settings
        self._instruments = instruments
        self._done: set[str] = set()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ready(self, symbol: str) -> None:
        """Raises Rejected where entries are refused, NotSent where Binance could not be asked."""
        name = venue_name(symbol)
        if not self._instruments.rules(name).tradable:
            raise Rejected("BROKER_REJECTED", f"{name} is not traded at Binance now")
        if symbol in self._done:
            return
        async with self._locks[symbol]:
            if symbol not in self._done:
                await self._make_ready(symbol)
                self._done.add(symbol)

    async def _make_ready(self, symbol: str) -> None:
        name = venue_name(symbol)
        settings = self._settings
        try:
            if settings.margin_type is not None:
                await self._rest.set_margin_type(name, _MARGIN_TYPES[settings.margin_type])
        except Failure as failure:
            self._judge(failure, f"the margin type of {name} is not {settings.margin_type}")
        leverage = settings.leverage_of(symbol)
        try:
            if leverage is not None:
                await self._rest.set_leverage(name, leverage)
        except Failure as failure:
            self._judge(failure, f"the leverage of {name} is not {leverage}")

    def _judge(self, failure: Failure, what: str) -> None:
        if failure.code == SAME_MARGIN_TYPE:
            return
        if failure.kind is not Kind.REFUSED:
            raise NotSent(f"{what} yet: {failure.reason}", failure.retry_after)
        hint = (
            "; it can be changed while no order works and no position is held"
            if failure.code in MARGIN_TYPE_BLOCKED
            else ""
        )
        raise Rejected("BROKER_REJECTED", f"{what}: {failure.reason}{hint}")
