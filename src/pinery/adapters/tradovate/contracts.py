"""Pinery's symbols and Tradovate's names: ``CME_MINI:ESZ2026`` is ``ESZ6``.

What the venue says of a contract (tick, money per point, month) is compared with what Pinery counts with, before the
first position in it is opened: a difference would make every size and every profit wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import structlog

from pinery.adapters.tradovate.cache import CONTRACT, Cache, Entity
from pinery.adapters.tradovate.errors import Failure
from pinery.adapters.tradovate.rest import Rest
from pinery.core.errors import PineryError
from pinery.market.rolls import UnknownRoot, parse_contract, roll_day
from pinery.market.symbols import lookup
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract
from pinery.trading.errors import NotSent, Rejected


def venue_name(symbol: str, now: int) -> str:
    """``ESZ6`` of ``CME_MINI:ESZ2026``. Raises Rejected for what is no contract, or one that the name cannot tell."""
    ticker = symbol.rpartition(":")[2]
    day = datetime.fromtimestamp(now / 1000, UTC).date()
    month = parse_contract(ticker, day)
    if month is None:
        raise Rejected("SYMBOL_UNKNOWN", f"{symbol} names no contract of a future, as CME_MINI:ESZ2026 does")
    name = f"{month.root}{month.code}{month.year % 10}"
    if parse_contract(name, day) != month:
        raise Rejected("SYMBOL_UNKNOWN", f"{symbol}: at Tradovate {name} is the contract of another year")
    return name


def symbol_of(name: str, now: int, exchanges: Mapping[str, str] = MappingProxyType({})) -> str:
    """``CME_MINI:ESZ2026`` of ``ESZ6``. ``exchanges``: by root, where another one is written than in our table."""
    month = parse_contract(name, datetime.fromtimestamp(now / 1000, UTC).date())
    if month is None:
        return f"TRADOVATE:{name}"
    if month.root in exchanges:
        return f"{exchanges[month.root]}:{month.ticker}"
    instrument = lookup(month.ticker)
    return f"TRADOVATE:{month.ticker}" if instrument.assumed else instrument.tickerid


class Contracts:
    """``contract`` gives Pinery's facts of a symbol, or raises PineryError. ``again``: seconds before a contract that
    did not fit is compared once more. ``found`` gets the id, the venue's name and the symbol of each that is traded."""

    def __init__(
        self,
        rest: Rest,
        cache: Cache,
        contract: Callable[[str], Contract],
        clock: Clock,
        again: float,
        found: Callable[[int, str, str], None],
    ) -> None:
        self._rest = rest
        self._cache = cache
        self._contract = contract
        self._clock = clock
        self._again = again
        self._found = found
        self._symbols: dict[str, str] = {}  # as orders write them, by the venue's names
        self._exchanges: dict[str, str] = {}  # that orders write before a root: other months are held after a roll
        self._checked: set[str] = set()
        self._refused: dict[str, tuple[str, float]] = {}

    def name(self, symbol: str) -> str:
        """The venue's name; from now on its contract is called ``symbol``. Raises Rejected."""
        name = venue_name(symbol, self._clock.now())
        self._symbols[name] = symbol
        month = parse_contract(symbol.rpartition(":")[2])
        if month is not None and ":" in symbol:
            self._exchanges[month.root] = symbol.rpartition(":")[0]
        return name

    def is_traded(self, symbol: str) -> bool:
        """Orders of ours name it."""
        return symbol in self._symbols.values()

    async def symbol(self, contract_id: int) -> str:
        """Raises Failure."""
        entity = self._cache.get(CONTRACT, contract_id)
        if entity is None:
            entity = await self._rest.item(CONTRACT, contract_id)
            if entity is None:
                raise Failure(f"Tradovate does not know its contract {contract_id}")
            self._cache.learn(CONTRACT, [entity])
        name = str(entity.get("name"))
        symbol = self._symbols.get(name) or symbol_of(name, self._clock.now(), self._exchanges)
        self._found(contract_id, name, symbol)
        return symbol

    async def check(self, symbol: str) -> None:
        """Compare our facts with the venue's, once. Raises Rejected where they differ, NotSent without an answer."""
        if symbol in self._checked:
            return
        problem, since = self._refused.get(symbol, ("", 0.0))
        if problem and self._clock.monotonic() - since < self._again:
            raise Rejected("SYMBOL_UNKNOWN", problem)
        try:
            ours = self._contract(symbol)
        except (PineryError, ValueError) as error:
            raise Rejected("SYMBOL_UNKNOWN", str(error)) from None
        try:
            problem = await self._compare(ours, self.name(symbol))
        except Failure as failure:
            raise NotSent(f"the facts of {symbol} at Tradovate: {failure.reason}") from None
        if problem:
            self._refused[symbol] = (problem, self._clock.monotonic())
            structlog.get_logger().error("tradovate_contract_refused", symbol=symbol, problem=problem)
            raise Rejected("SYMBOL_UNKNOWN", problem)
        self._checked.add(symbol)

    async def _compare(self, ours: Contract, name: str) -> str:
        """What differs; empty: nothing."""
        contract = await self._rest.find(CONTRACT, name)
        if contract is None:
            return f"{ours.symbol}: Tradovate has no contract {name}"
        self._cache.learn(CONTRACT, [contract])
        maturity = await self._rest.item("contractMaturity", contract.get("contractMaturityId", 0)) or {}
        product = await self._rest.item("product", maturity.get("productId", 0))
        if product is None:
            return f"{ours.symbol}: Tradovate names no product of {name}"
        month = parse_contract(ours.symbol.rpartition(":")[2])
        pairs: list[tuple[str, Any, Any]] = [
            ("the tick", ours.tick, _number(product.get("tickSize"))),
            ("the value of a point", ours.point_value, _number(product.get("valuePerPoint"))),
        ]
        if month is not None:
            pairs.append(("the month", month.year * 100 + month.month, maturity.get("expirationMonth")))
        differences = [f"{what} is {mine} here and {theirs} there" for what, mine, theirs in pairs if mine != theirs]
        if differences:
            return f"{ours.symbol} is not what Tradovate calls {name}: {', '.join(differences)}"
        self._tell(ours, name, maturity)
        self._found(contract["id"], name, ours.symbol)
        return ""

    def _tell(self, ours: Contract, name: str, maturity: Entity) -> None:
        month = parse_contract(ours.symbol.rpartition(":")[2])
        rolls = ""
        if month is not None:
            try:
                rolls = roll_day(month.root, month.year, month.month).isoformat()
            except (UnknownRoot, ValueError):
                rolls = "unknown"
        structlog.get_logger().info(
            "tradovate_contract",
            symbol=ours.symbol,
            name=name,
            expires=str(maturity.get("expirationDate", "unknown")),
            first_notice=str(maturity.get("firstIntentDate", "none")),
            front=bool(maturity.get("isFront")),
            rolls=rolls,
            last_entry=str(ours.last_entry or "unknown"),
        )


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None
