"""What Binance knows of one order of ours, asked for by its client id, with its fills."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from pinery.adapters.binance.conditionals import Conditionals
from pinery.adapters.binance.errors import Failure
from pinery.adapters.binance.instruments import venue_name
from pinery.adapters.binance.mapping import (
    algo_view,
    base_of,
    fill_of_trade,
    is_conditional,
    number,
    order_view,
    revised,
)
from pinery.adapters.binance.memory import Memory
from pinery.adapters.binance.rest import Json, Rest
from pinery.adapters.binance.settings import BinanceSettings
from pinery.trading.broker import VenueOrder
from pinery.trading.clock import Clock
from pinery.trading.ending import together
from pinery.trading.errors import QueryFailed
from pinery.trading.orders.model import ZERO, Fill, Order, Role, Status

#: As many of the newest revisions are asked for by name; earlier ones are looked up in the list of all.
_BY_NAME = 3

_MINUTE = 60_000

#: Trades may be listed a moment after the order says that it was filled.
_TRADE_ASKS = 5

_SHORTER = "Binance made it smaller: there was no more to reduce"


class Looking:
    def __init__(
        self, rest: Rest, settings: BinanceSettings, clock: Clock, conditionals: Conditionals, memory: Memory
    ) -> None:
        self._rest = rest
        self._settings = settings
        self._clock = clock
        self._conditionals = conditionals
        self._memory = memory

    async def certain(self, order: Order) -> VenueOrder | None:
        """None: Binance does not have it and will not get it. Raises QueryFailed where that cannot be said.

        Asked for again and again until what may have been on its way would be refused for its age; ``asks`` times at
        least, for an order that was taken a moment ago, or while Binance has troubles, may not be found at first.
        """
        pause = self._settings.patience / self._settings.asks
        until = self._memory.last_sent(order.client_id) + self._settings.patience
        asked = 0
        while True:
            try:
                late = self._clock.monotonic() >= until
                view = await self.at(order)
            except Failure as failure:
                raise failure.as_query() from None
            if view is not None:
                return view
            asked += 1
            if late and asked >= self._settings.asks:
                break
            await asyncio.sleep(pause)
        if self._memory.is_there(order.client_id):
            raise QueryFailed(f"Binance has accepted order {order.client_id} and does not find it")
        return None

    async def at(self, order: Order) -> VenueOrder | None:
        """None: Binance knows nothing of it, or not yet. Raises Failure and QueryFailed."""
        name = venue_name(order.symbol)
        ways = [self._conditional, self._plain]
        if not is_conditional(order, self._settings):
            ways.reverse()
        # Targets may have been sent before a change of settings.
        for way in ways if order.role is Role.TARGET else ways[:1]:
            view = await way(order, name)
            if view is not None:
                return self._judged(view, order)
        return None

    def _judged(self, view: VenueOrder, order: Order) -> VenueOrder:
        """Filled as far as there was something to reduce: of our order the rest will never come."""
        if view.status is not Status.FILLED:
            return view
        if view.filled < order.quantity:
            return replace(view, status=Status.EXPIRED, quantity=order.quantity, reason=_SHORTER)
        return replace(view, quantity=view.filled)  # revisions that shared it had asked for more together

    # --- orders of the book -----------------------------------------------------------

    async def _plain(self, order: Order, name: str) -> VenueOrder | None:
        row = await self._rest.order(name, client_id=order.client_id)
        return None if row is None else await self._with_fills(row, order.client_id)

    async def _with_fills(self, row: Json, client_id: str) -> VenueOrder:
        """The order as it is when its trades are known, for it may go on meanwhile."""
        fills: list[Fill] = []
        for ask in range(_TRADE_ASKS):
            if not number(row.get("executedQty")):
                break
            if ask:
                await asyncio.sleep(self._settings.patience / self._settings.asks / _TRADE_ASKS)
            trades = await self._rest.trades(str(row["symbol"]), str(row["orderId"]))
            fills = [fill_of_trade(trade, client_id) for trade in trades]
            listed = sum((fill.quantity for fill in fills), ZERO)
            if listed == number(row.get("executedQty")):
                break
            if listed > number(row.get("executedQty")):
                row = await self._rest.order(str(row["symbol"]), order_id=str(row["orderId"])) or row
        return order_view(row, fills, client_id)

    # --- conditional orders -------------------------------------------------------------

    async def _conditional(self, order: Order, name: str) -> VenueOrder | None:
        rows = await self._revisions(order, name)
        if not rows:
            return None
        self._conditionals.learn(rows)
        listed = {str(row["clientAlgoId"]) for row in rows}
        for revision in self._conditionals.there(order.client_id):
            if revision not in listed:  # it may be the one that has filled
                raise QueryFailed(f"Binance does not show {revision} yet")
        gives_way = self._conditionals.gives_way
        rows = [row for row in rows if row["algoStatus"] != "NEW" or not gives_way(str(row["clientAlgoId"]))]
        views = [await self._one(row, order.client_id, name) for row in rows]
        return _together(views)

    async def _revisions(self, order: Order, name: str) -> list[Json]:
        """Oldest first."""
        base = order.client_id
        newest = max(order.revision, self._conditionals.newest(base), self._memory.revisions.get(base, 0))
        found: dict[str, Json] = {}
        if newest > _BY_NAME:
            # The list reaches back a week at most; what rests longer is among the newest.
            since = max(order.created - _MINUTE, self._clock.now() - 6 * 24 * 60 * _MINUTE)
            listed = await self._rest.all_algos(name, since)
            found = {str(row["clientAlgoId"]): row for row in listed if base_of(str(row["clientAlgoId"]))[0] == base}
        by_name = {0, *range(max(0, newest - _BY_NAME + 1), newest + 1)}
        names = [revised(base, revision) for revision in sorted(by_name)]
        for each in await together(*(self._rest.algo(client_id) for client_id in names)):
            if each is not None:
                found[str(each["clientAlgoId"])] = each
        return [found[client_id] for client_id in sorted(found, key=lambda client_id: base_of(client_id)[1])]

    async def _one(self, row: Json, base: str, name: str) -> VenueOrder:
        """A revision: itself, or the order that came of it."""
        view = algo_view(row)
        child_id = str(row.get("actualOrderId") or "")
        if child_id in ("", "0"):
            if row["algoStatus"] == "FINISHED":
                raise QueryFailed(f"Binance has finished {base} and does not say with which order")
            return view
        child = await self._rest.order(name, order_id=child_id)
        if child is None:
            raise QueryFailed(f"Binance does not show the order yet that came of {base}")
        came = await self._with_fills(child, base)
        return replace(
            came,
            venue_id=view.venue_id,
            stop_price=view.stop_price,
            limit_price=view.limit_price,
            quantity=view.quantity,
        )


def _together(views: list[VenueOrder]) -> VenueOrder:
    """Revisions as one order: what lives says what it is, and the fills of all are its fills."""
    live = [view for view in views if not view.status.is_final]
    shown = (live or [view for view in views if view.filled] or views)[-1]
    fills = tuple(sorted((f for view in views for f in view.fills), key=lambda fill: (fill.time, fill.trade_id)))
    filled = sum((view.filled for view in views), ZERO)
    earlier = filled - shown.filled
    average = shown.average_price
    if fills and sum((fill.quantity for fill in fills), ZERO) == filled:
        average = sum((fill.quantity * fill.price for fill in fills), ZERO) / filled
    status = shown.status
    if filled and status is Status.WORKING:
        status = Status.PARTIALLY_FILLED
    return replace(
        shown, status=status, quantity=shown.quantity + earlier, filled=filled, average_price=average, fills=fills
    )
