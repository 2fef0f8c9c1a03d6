"""Products and contracts of the venue: its names and ids for what ``pinery.market`` knows of futures.

Ids are made of root, year and month, so they are the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Any

from pinery.core.instrument import Instrument
from pinery.market.calendar import CHICAGO, is_nyse_day, unix_ms
from pinery.market.rolls import (
    MONTH_CODES,
    ContractMonth,
    expiry,
    front,
    last_entry,
    parse_continuous,
    parse_contract,
)
from pinery.market.symbols import built_in
from pinery.simulators.tradovate.wire import iso

_QUARTERS, _ALL, _GOLD = "HMUZ", MONTH_CODES, "GJMQVZ"
_INDEX_END, _OIL_END, _GOLD_END = time(8, 30), time(13, 30), time(12, 30)  # Chicago


@dataclass(frozen=True, slots=True)
class Product:
    """A future of the venue. ``months`` are those that it lists, ``ends`` the last trading day's end in Chicago."""

    id: int
    root: str
    exchange: str
    prefix: str  # the exchange's name in Pinery's symbols
    months: str
    ends: time

    @property
    def instrument(self) -> Instrument:
        found = built_in().find(self.prefix, self.root)
        assert found is not None, "the package's table has every product"
        return found

    @property
    def tick(self) -> Decimal:
        return Decimal(self.instrument.minmove) / Decimal(self.instrument.pricescale)

    @property
    def point_value(self) -> Decimal:
        return Decimal(repr(self.instrument.pointvalue))

    def entity(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.root,
            "currencyId": 1,
            "productType": "Futures",
            "description": self.instrument.description,
            "exchangeId": EXCHANGES[self.exchange],
            "contractGroupId": 1,
            "riskDiscountContractGroupId": 1,
            "status": "Verified",
            "months": self.months,
            "isSecured": False,
            "valuePerPoint": self.point_value,
            "priceFormatType": "Decimal",
            "priceFormat": len(f"{self.tick:f}".partition(".")[2]),
            "tickSize": self.tick,
        }


EXCHANGES: Mapping[str, int] = MappingProxyType({"CME": 1, "CBOT": 2, "NYMEX": 3, "COMEX": 4})
_TABLE = (
    (("ES", "MES", "NQ", "MNQ", "RTY", "M2K"), "CME", "CME_MINI", _QUARTERS, _INDEX_END),
    (("YM", "MYM"), "CBOT", "CBOT_MINI", _QUARTERS, _INDEX_END),
    (("CL", "MCL"), "NYMEX", "NYMEX", _ALL, _OIL_END),
    (("GC", "MGC"), "COMEX", "COMEX", _GOLD, _GOLD_END),
)
PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        product.root: product
        for product in (
            Product(11 + i, root, exchange, prefix, months, ends)
            for i, (root, exchange, prefix, months, ends) in enumerate(
                (root, exchange, prefix, months, ends)
                for roots, exchange, prefix, months, ends in _TABLE
                for root in roots
            )
        )
    }
)
_BY_ID = {product.id: product for product in PRODUCTS.values()}
_MATURITIES = 100_000_000  # a maturity's id above its contract's


@dataclass(frozen=True, slots=True)
class Future:
    """A contract of the venue."""

    product: Product
    year: int
    month: int

    @property
    def id(self) -> int:
        return self.product.id * 1_000_000 + self.year * 100 + self.month

    @property
    def maturity_id(self) -> int:
        return _MATURITIES + self.id

    @property
    def name(self) -> str:
        """``ESZ6``."""
        return f"{self.product.root}{MONTH_CODES[self.month - 1]}{self.year % 10}"

    @property
    def symbol(self) -> str:
        """``CME_MINI:ESZ2026``."""
        return f"{self.product.prefix}:{ContractMonth(self.year, self.month, self.product.root).ticker}"

    @property
    def expiry(self) -> date:
        """Last trading day."""
        return expiry(self.product.root, self.year, self.month)

    @property
    def last_entry(self) -> date:
        """First day on which the venue lets no position be opened any more; the expiry, where there is no such day."""
        return last_entry(self.product.root, self.year, self.month)

    @property
    def ends(self) -> int:
        """Unix ms: from then on it is not traded."""
        return unix_ms(self.expiry, self.product.ends, CHICAGO)

    def entity(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "contractMaturityId": self.maturity_id, "status": "Verified"}

    def maturity(self, day: date) -> dict[str, Any]:
        """As on a trading day."""
        found = {
            "id": self.maturity_id,
            "productId": self.product.id,
            "expirationMonth": self.year * 100 + self.month,
            "expirationDate": iso(self.ends),
            "archived": False,
            "seqNo": self.year * 12 + self.month,
            "isFront": front(self.product.root, day) == ContractMonth(self.year, self.month, self.product.root),
        }
        notice = self._notice()
        if notice is not None:
            found["firstIntentDate"] = iso(unix_ms(notice, time(0, 0), CHICAGO))
        return found

    def _notice(self) -> date | None:
        """First notice of delivery, of contracts that give it before they expire: the business day after last entry."""
        if self.last_entry >= self.expiry:
            return None
        day = self.last_entry + timedelta(days=1)
        while not is_nyse_day(day):
            day += timedelta(days=1)
        return day

    def rolled(self, forward: bool) -> Future:
        """The listed month after it, or before it."""
        months = self.year * 12 + self.month - 1
        while True:
            months += 1 if forward else -1
            year, month = divmod(months, 12)
            if MONTH_CODES[month] in self.product.months:
                return future(self.product, year, month + 1)


@cache
def future(product: Product, year: int, month: int) -> Future:
    return Future(product, year, month)


def trade_date(now: int) -> date:
    """The venue's: it starts at 17:00 in Chicago; Friday evening and the weekend belong to Monday."""
    day = (datetime.fromtimestamp(now / 1000, CHICAGO) + timedelta(hours=7)).date()
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def by_name(name: str, day: date) -> Future | None:
    """``ESZ6`` as it is understood on ``day``; None for what the venue does not list."""
    month = parse_contract(name, day)
    product = PRODUCTS.get(month.root) if month is not None else None
    if month is None or product is None or month.code not in product.months:
        return None
    return future(product, month.year, month.month)


def by_id(id: int) -> Future | None:
    product_id, rest = divmod(id, 1_000_000)
    year, month = divmod(rest, 100)
    product = _BY_ID.get(product_id)
    if product is None or not 2000 <= year <= 2200 or not 1 <= month <= 12:
        return None
    return future(product, year, month) if MONTH_CODES[month - 1] in product.months else None


def by_maturity(id: int) -> Future | None:
    return by_id(id - _MATURITIES)


def by_symbol(symbol: str, day: date) -> Future | None:
    """The contract that Pinery's ``symbol`` means on ``day``: dated ones, and continuous ones by our own calendar."""
    ticker = symbol.rpartition(":")[2]
    continuous = parse_continuous(ticker)
    if continuous is None:
        return by_name(ticker, day)
    root, number = continuous
    product = PRODUCTS.get(root)
    if product is None:
        return None
    found = front(root, day)
    result = future(product, found.year, found.month)
    for _ in range(number - 1):
        result = result.rolled(forward=True)
    return result


def suggest(text: str, day: date, most: int) -> Iterator[Future]:
    """Contracts whose names begin with ``text``, the front month first."""
    plain = text.upper()
    found = 0
    for product in PRODUCTS.values():
        if not (product.root.startswith(plain) or plain.startswith(product.root)):
            continue
        month = front(product.root, day)
        each = future(product, month.year, month.month)
        for _ in range(8):
            if found == most:
                return
            if each.name.startswith(plain):
                found += 1
                yield each
            each = each.rolled(forward=True)
