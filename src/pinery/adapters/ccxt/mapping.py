"""Between Pinery's names and numbers and ccxt's unified ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ccxt import SIGNIFICANT_DIGITS, TICK_SIZE

from pinery.trading.broker import Balance, VenueOrder, VenuePosition
from pinery.trading.contracts import Terms
from pinery.trading.errors import Rejected
from pinery.trading.orders.model import ZERO, Fill, Side, Status

_STATUSES = {
    "open": Status.WORKING,
    "closed": Status.FILLED,
    "canceled": Status.CANCELED,
    "expired": Status.EXPIRED,
    "rejected": Status.REJECTED,
}

#: How TradingView calls exchanges whose id in ccxt is another.
_PREFIXES = {"binanceusdm": "BINANCE", "krakenfutures": "KRAKEN", "kucoinfutures": "KUCOIN", "gate": "GATEIO"}


class Markets:
    """Linear perpetual contracts of an exchange by both their names. ``given``: EXCHANGE:TICKER -> ccxt's name.

    ``precision`` is ccxt's ``precisionMode``.
    """

    def __init__(
        self,
        exchange_id: str,
        markets: Mapping[str, Mapping[str, Any]],
        given: Mapping[str, str],
        precision: int = TICK_SIZE,
    ) -> None:
        self.precision = precision
        self._prefix = _PREFIXES.get(exchange_id, exchange_id.upper())
        self._markets = markets
        self._named = {symbol: markets[name] for symbol, name in given.items() if name in markets}
        self._by_pair: dict[str, Mapping[str, Any]] = {}
        for market in markets.values():
            if market.get("swap") and market.get("linear") and market.get("active") is not False:
                self._by_pair.setdefault(f"{market['base']}{market['quote']}", market)
        self._symbols = {market["symbol"]: symbol for symbol, market in self._named.items()}

    def market(self, symbol: str) -> Mapping[str, Any]:
        """Raises Rejected for what the exchange does not trade as a perpetual."""
        found = self._named.get(symbol)
        if found is None:
            ticker = symbol.rpartition(":")[2]
            found = self._by_pair.get(ticker.removesuffix(".P")) if ticker.endswith(".P") else None
            if found is None:
                text = f"{symbol} is no linear perpetual of the exchange that ccxt knows"
                raise Rejected("SYMBOL_UNKNOWN", text)
            self._named[symbol] = found
            self._symbols[found["symbol"]] = symbol
        return found

    def symbol(self, name: str) -> str:
        """EXCHANGE:TICKER of a contract as ccxt names it."""
        if name in self._symbols:
            return self._symbols[name]
        market = self._markets.get(name)
        ticker = f"{market['base']}{market['quote']}.P" if market else name
        return f"{self._prefix}:{ticker}"


def contract_size(market: Mapping[str, Any]) -> Decimal:
    """How much of the base a contract of the exchange is."""
    return number(market.get("contractSize")) or Decimal(1)


def terms_of(market: Mapping[str, Any], precision: int) -> Terms:
    """What the exchange takes, in the base. Where ccxt knows significant digits only, no steps."""
    size, steps, limits = contract_size(market), market.get("precision") or {}, market.get("limits") or {}
    amount, cost = limits.get("amount") or {}, limits.get("cost") or {}
    bounds = [number((limits.get(kind) or {}).get("max")) for kind in ("amount", "market")]
    return Terms(
        _step(steps.get("amount"), precision) * size,
        number(amount.get("min")) * size,
        min((most for most in bounds if most), default=ZERO) * size,
        _step(steps.get("price"), precision),
        number(cost.get("min")),
    )


def _step(value: Any, precision: int) -> Decimal:
    if value in (None, "") or precision == SIGNIFICANT_DIGITS:
        return ZERO
    return number(value) if precision == TICK_SIZE else Decimal(1).scaleb(-int(number(value)))


def number(value: Any) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else ZERO


def price_of(value: Any) -> Decimal | None:
    """None where there is none, which some exchanges write as 0."""
    return number(value) or None


def plain(value: Decimal) -> str:
    return format(value, "f")


def fill_of(trade: Mapping[str, Any], client_id: str, symbol: str, size: Decimal) -> Fill:
    fee = trade.get("fee") or {}
    return Fill(
        client_id=client_id,
        trade_id=str(trade["id"]),
        symbol=symbol,
        side=Side(trade["side"]),
        quantity=number(trade["amount"]) * size,
        price=number(trade["price"]),
        time=int(trade["timestamp"] or 0),
        fee=number(fee.get("cost")),
        fee_currency=str(fee.get("currency") or ""),
    )


def order_of(found: Mapping[str, Any], symbol: str, size: Decimal, fills: Iterable[Fill] = ()) -> VenueOrder:
    """The exchange's view, with its trades where they were asked for."""
    known = tuple(fills)
    filled = max(number(found.get("filled")) * size, sum((fill.quantity for fill in known), ZERO))
    status = _STATUSES.get(str(found.get("status")), Status.WORKING)
    if status is Status.WORKING and filled:
        status = Status.PARTIALLY_FILLED
    average = price_of(found.get("average"))
    if known and filled == sum((fill.quantity for fill in known), ZERO):
        average = sum((fill.quantity * fill.price for fill in known), ZERO) / filled
    return VenueOrder(
        client_id=str(found.get("clientOrderId") or ""),
        venue_id=str(found["id"]),
        symbol=symbol,
        status=status,
        quantity=number(found.get("amount")) * size,
        filled=filled,
        average_price=average if filled else None,
        fills=known,
        stop_price=price_of(found.get("stopLossPrice") or found.get("triggerPrice")),
        limit_price=price_of(found.get("price")) if found.get("type") == "limit" else None,
    )


def positions_of(found: Iterable[Mapping[str, Any]], markets: Markets) -> tuple[VenuePosition, ...]:
    """Long and short of one contract added up."""
    held: dict[str, Decimal] = {}
    prices: dict[str, Decimal | None] = {}
    for one in found:
        quantity = abs(number(one.get("contracts"))) * (number(one.get("contractSize")) or Decimal(1))
        if not quantity:
            continue
        symbol = markets.symbol(str(one["symbol"]))
        held[symbol] = held.get(symbol, ZERO) + (-quantity if one.get("side") == "short" else quantity)
        prices[symbol] = price_of(one.get("entryPrice"))
    return tuple(VenuePosition(symbol, quantity, prices[symbol]) for symbol, quantity in held.items() if quantity)


def balance_of(found: Mapping[str, Any], positions: Iterable[Mapping[str, Any]], currency: str, time: int) -> Balance:
    """ccxt's total is the equity, its used the margin."""
    of = found.get(currency) or {}
    equity, used = number(of.get("total")), number(of.get("used"))
    free = number(of.get("free")) if of.get("free") is not None else equity - used
    profit = sum((number(one.get("unrealizedPnl")) for one in positions), ZERO)
    return Balance(currency, equity - profit, equity, used, free, time)
