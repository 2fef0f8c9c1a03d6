"""Binance's rules of its symbols, from exchangeInfo, and how they fit what Pinery counts with.

TradingView writes ``BINANCE:BTCUSDT.P`` for the perpetual contract that Binance calls ``BTCUSDT``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import lcm
from typing import Any

from pinery.trading.contracts import Terms
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO

PREFIX, SUFFIX = "BINANCE:", ".P"


def venue_name(symbol: str) -> str:
    """``BINANCE:BTCUSDT.P`` → ``BTCUSDT``. Raises Rejected for what is no perpetual contract of Binance's."""
    if not (symbol.startswith(PREFIX) and symbol.endswith(SUFFIX)):
        text = f"{symbol} is no perpetual contract at Binance; those are written as BINANCE:BTCUSDT.P"
        raise Rejected("SYMBOL_UNKNOWN", text)
    return symbol.removeprefix(PREFIX).removesuffix(SUFFIX)


def symbol_of(name: str) -> str:
    """``BTCUSDT`` → ``BINANCE:BTCUSDT.P``. Dated contracts keep their name: ``BTCUSDT_261225``."""
    return f"{PREFIX}{name}{SUFFIX if '_' not in name else ''}"


def plain(number: Decimal) -> str:
    """Digits as Binance takes them: no exponent, no zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Rules:
    """Of one symbol. A bound of 0 is none, as Binance writes it."""

    name: str
    tradable: bool
    tick: Decimal
    min_price: Decimal
    max_price: Decimal
    step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    market_step: Decimal
    market_min_quantity: Decimal
    market_max_quantity: Decimal
    min_notional: Decimal

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Rules:
        filters = {each["filterType"]: each for each in row.get("filters", ())}
        price, lot = filters.get("PRICE_FILTER", {}), filters.get("LOT_SIZE", {})
        market = filters.get("MARKET_LOT_SIZE", lot)
        return cls(
            row["symbol"],
            row.get("status") == "TRADING"
            and row.get("contractType", "PERPETUAL").startswith(("PERPETUAL", "TRADIFI")),
            _number(price.get("tickSize")),
            _number(price.get("minPrice")),
            _number(price.get("maxPrice")),
            _number(lot.get("stepSize")),
            _number(lot.get("minQty")),
            _number(lot.get("maxQty")),
            _number(market.get("stepSize")),
            _number(market.get("minQty")),
            _number(market.get("maxQty")),
            _number(filters.get("MIN_NOTIONAL", {}).get("notional")),
        )

    @property
    def terms(self) -> Terms:
        """What any order of a size may be: an entry's stop is at the market, whatever the entry is."""
        bounds = [most for most in (self.max_quantity, self.market_max_quantity) if most]
        return Terms(
            _common(self.step, self.market_step),
            max(self.min_quantity, self.market_min_quantity),
            min(bounds, default=ZERO),
            self.tick,
            self.min_notional,
        )

    def check(
        self, quantity: Decimal, *, at_market: bool, prices: Iterable[Decimal], notional: Decimal | None = None
    ) -> None:
        """``notional`` None: not known, or not asked for (what reduces a position). Raises Rejected."""
        step = self.market_step if at_market else self.step
        least = self.market_min_quantity if at_market else self.min_quantity
        most = self.market_max_quantity if at_market else self.max_quantity
        if step and quantity % step:
            raise self._refusal(f"the quantity {plain(quantity)} is no multiple of {plain(step)}")
        if quantity < least:
            raise self._refusal(f"the quantity {plain(quantity)} is below the least, {plain(least)}")
        if most and quantity > most:
            raise self._refusal(f"the quantity {plain(quantity)} is above the most, {plain(most)}")
        for price in prices:
            if self.tick and price % self.tick:
                raise self._refusal(f"the price {plain(price)} is no multiple of the tick, {plain(self.tick)}")
            if price < self.min_price or (self.max_price and price > self.max_price):
                raise self._refusal(
                    f"the price {plain(price)} is outside of {plain(self.min_price)} to {plain(self.max_price)}"
                )
        if notional is not None and notional < self.min_notional:
            raise self._refusal(
                f"the order is worth {plain(notional)}, Binance takes {plain(self.min_notional)} or more"
            )

    def _refusal(self, text: str) -> Rejected:
        return Rejected("BROKER_REJECTED", f"{self.name} at Binance: {text}")


class Instruments:
    """Read from any thread."""

    def __init__(self, exchange_info: Mapping[str, Any]) -> None:
        self.learn(exchange_info)

    def learn(self, exchange_info: Mapping[str, Any]) -> None:
        """Binance changes its rules now and then."""
        rules: dict[str, Rules] = {}
        self._known = ({row["symbol"]: row for row in exchange_info.get("symbols", ())}, rules)

    def has(self, name: str) -> bool:
        return name in self._known[0]

    def rules(self, name: str) -> Rules:
        """Raises Rejected where Binance has no such symbol."""
        rows, rules = self._known
        known = rules.get(name)
        if known is None:
            if name not in rows:
                raise Rejected("SYMBOL_UNKNOWN", f"Binance has no contract {name}")
            known = rules[name] = Rules.read(rows[name])
        return known

    def terms(self, symbol: str) -> Terms | None:
        """Of ``BINANCE:BTCUSDT.P``; None where Binance has none."""
        try:
            return self.rules(venue_name(symbol)).terms
        except Rejected:
            return None


def _common(one: Decimal, other: Decimal) -> Decimal:
    """The smallest step that is one of both."""
    if not one or not other:
        return one or other
    (a, b), (c, d) = one.as_integer_ratio(), other.as_integer_ratio()
    return Decimal(lcm(a * d, c * b)) / (b * d)


def _number(text: Any) -> Decimal:
    return Decimal(str(text)) if text not in (None, "") else ZERO
