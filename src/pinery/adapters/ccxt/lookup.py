"""Asking an exchange for orders: by our client id where it can, else by its own id or through its lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ccxt

from pinery.adapters.ccxt.mapping import Markets, contract_size, fill_of, number, order_of
from pinery.trading.broker import VenueOrder
from pinery.trading.errors import QueryFailed
from pinery.trading.orders.model import ZERO, Fill, Order, OrderType, Status, is_ours

#: Exchanges whose orders ccxt asks for, and cancels, by ``clientOrderId``.
_BY_CLIENT_ID = frozenset(
    {"aster", "binance", "binanceusdm", "bitget", "htx", "hyperliquid", "kucoin", "mexc", "okx", "phemex", "woo"}
)
_LISTS = ("fetchOrders", "fetchCanceledAndClosedOrders", "fetchClosedOrders")
_BEFORE_MS = 60_000  # clocks differ


class Lookup:
    """What the exchange has of our orders. Raises what ccxt raises."""

    def __init__(self, exchange: Any, markets: Markets) -> None:
        self._exchange = exchange
        self._markets = markets
        self.by_client_id = exchange.id in _BY_CLIENT_ID

    def has(self, market: Mapping[str, Any], method: str, what: str) -> bool:
        """By ccxt's table of features."""
        return bool(self._exchange.feature_value(market["symbol"], method, what))

    async def order(self, order: Order, market: Mapping[str, Any], venue_id: str) -> VenueOrder | None:
        """With its trades; None where the exchange says that there is none."""
        found = await self._found(order, market, venue_id)
        if found is None:
            return None
        size = contract_size(market)
        fills: tuple[Fill, ...] = ()
        if number(found.get("filled")) or found.get("status") == "closed":
            fills = await self._fills(found, order.client_id, order.symbol, market)
        seen = order_of({**found, "clientOrderId": order.client_id}, order.symbol, size, fills)
        if seen.filled != sum((fill.quantity for fill in fills), ZERO):
            raise QueryFailed(f"the trades of order {order.client_id} are not all listed yet")
        if seen.status is Status.FILLED and seen.filled < order.quantity:
            # Reduce-only orders are cut to the position by some exchanges, which then call them filled.
            return replace(seen, status=Status.EXPIRED)
        return seen

    async def open(self, market: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
        """Open orders, those that wait for their trigger too; None: of all contracts."""
        name = market["symbol"] if market is not None else None
        found: list[Mapping[str, Any]] = await self._exchange.fetch_open_orders(name)
        if self._lists_triggers(name):
            found = found + await self._exchange.fetch_open_orders(name, params={"trigger": True})
        return found

    def _lists_triggers(self, name: str | None) -> bool:
        of = self._exchange.feature_value_by_type("swap", "linear", "fetchOpenOrders", "trigger")
        return bool(of if name is None else self._exchange.feature_value(name, "fetchOpenOrders", "trigger"))

    async def _found(self, order: Order, market: Mapping[str, Any], venue_id: str) -> Mapping[str, Any] | None:
        if order.type is not OrderType.STOP or not self.has(market, "fetchOrder", "trigger"):
            return await self._one(order, market, venue_id)
        waiting = await self._one(order, market, venue_id, trigger=True)
        if waiting is not None and waiting.get("status") != "closed":
            return waiting
        # Triggered: what trades is an order of its own, under the same client id.
        child = await self._one(order, market, "")
        if child is None and waiting is not None:
            raise QueryFailed(f"stop {order.client_id} was triggered, and its order is not there yet")
        return child

    async def _one(
        self, order: Order, market: Mapping[str, Any], venue_id: str, *, trigger: bool = False
    ) -> Mapping[str, Any] | None:
        more: dict[str, Any] = {"trigger": True} if trigger else {}
        try:
            if self.by_client_id:
                more["clientOrderId"] = order.client_id
                found: Mapping[str, Any] = await self._exchange.fetch_order("", market["symbol"], more)
                return found if found.get("clientOrderId") in (order.client_id, None) else None
            if venue_id:
                return dict(await self._exchange.fetch_order(venue_id, market["symbol"], more))
        except ccxt.OrderNotFound:
            return None
        return await self._in_lists(order, market)

    async def _in_lists(self, order: Order, market: Mapping[str, Any]) -> Mapping[str, Any] | None:
        since = max(0, (order.submitted or order.created) - _BEFORE_MS) or None
        lists = [await self.open(market)]
        for name in _LISTS:
            if self._exchange.has.get(name) is True:
                lists.append(await getattr(self._exchange, _method(name))(market["symbol"], since))
        mine = (one for found in lists for one in found if one.get("clientOrderId") == order.client_id)
        return next(mine, None)

    async def _fills(
        self, found: Mapping[str, Any], client_id: str, symbol: str, market: Mapping[str, Any]
    ) -> tuple[Fill, ...]:
        since = int(found["timestamp"]) - 1000 if found.get("timestamp") else None
        trades = await self._exchange.fetch_my_trades(market["symbol"], since)
        size = contract_size(market)
        mine = [trade for trade in trades if str(trade.get("order")) == str(found["id"])]
        return tuple(fill_of(trade, client_id, symbol, size) for trade in mine)


def _method(name: str) -> str:
    """``fetchClosedOrders`` -> ``fetch_closed_orders``."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def ours(found: Mapping[str, Any]) -> bool:
    return is_ours(str(found.get("clientOrderId") or ""))
