"""Asking Tradovate what there is: one order with all that belongs to it, or the whole account.

The stream's cache is what was told; answers here go into it too. Every method raises Failure, or one
of MALFORMED where an entity lacks something.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pinery.adapters.tradovate import mapping
from pinery.adapters.tradovate.cache import (
    COMMAND,
    COMMAND_REPORT,
    ENDED,
    FEE,
    FILL,
    ORDER,
    REFUSED_COMMANDS,
    VERSION,
    Cache,
    Entity,
)
from pinery.adapters.tradovate.contracts import Contracts
from pinery.adapters.tradovate.errors import Failure, Lost
from pinery.adapters.tradovate.rest import Rest
from pinery.trading.broker import Snapshot, VenueOrder, VenuePosition
from pinery.trading.clock import Clock
from pinery.trading.ending import together
from pinery.trading.orders.model import ZERO, Fill, Order, Status


class Absent(Failure):
    """The venue has no order of that id."""


class Looking:
    """One account's."""

    def __init__(
        self,
        rest: Rest,
        cache: Cache,
        contracts: Contracts,
        account_id: int,
        currency: str,
        clock: Clock,
    ) -> None:
        self._rest = rest
        self._cache = cache
        self._contracts = contracts
        self._account_id = account_id
        self._currency = currency
        self._clock = clock
        self._own: dict[int, str] = {}  # order id -> client id, as our own requests were answered
        self._ids: dict[str, int] = {}  # and back
        self._fills: dict[int, Fill] = {}  # as they were told or shown first: a trade id names one trade

    # --- names ------------------------------------------------------------------------

    def own(self, order_id: int, client_id: str) -> None:
        """An order that is ours by what we were answered."""
        self._own[order_id] = client_id
        self._ids[client_id] = order_id

    def is_own(self, order_id: int) -> bool:
        return order_id in self._own

    def client_of(self, order_id: int) -> str:
        """ "" where nothing says it (yet)."""
        return self._own.get(order_id) or self._cache.client_of(order_id)

    def known(self, order: Order) -> int | None:
        """The order's id at the venue, as far as was told."""
        if order.venue_id.isdecimal() and self.client_of(int(order.venue_id)) in ("", order.client_id):
            return int(order.venue_id)
        return self._known(order.client_id) or self._bracket(order)

    def _known(self, client_id: str) -> int | None:
        return self._ids.get(client_id) or self._cache.order_of(client_id)

    def _bracket(self, order: Order) -> int | None:
        """A bracket whose own commands were not told: by its parent and its type."""
        parent = self._known(order.parent) if order.parent else None
        for child in self._cache.children(parent) if parent is not None else ():
            client_id = self.client_of(child["id"])
            terms = mapping.terms_of(self._cache, child["id"])
            if client_id == order.client_id:
                return int(child["id"])
            if not client_id and terms is not None and terms.get("orderType") == mapping.TYPES[order.type]:
                return int(child["id"])
        return None

    async def search(self, order: Order) -> int | None:
        """Look for the order by its client id: first of commands, then of texts."""
        commands, versions = await together(self._rest.all(COMMAND), self._rest.all(VERSION))
        self._cache.learn(COMMAND, commands)
        self._cache.learn(VERSION, versions)
        for version in versions:
            if version.get("text") == order.client_id and isinstance(version.get("orderId"), int):
                return int(version["orderId"])
        return self._cache.order_of(order.client_id)

    # --- orders -----------------------------------------------------------------------

    async def refresh(self, order_ids: Iterable[int]) -> None:
        """What belongs to orders: versions, commands and what became of them, fills and their fees."""
        numbers = sorted(order_ids)
        versions, commands, fills = await together(*(self._rest.of(k, numbers) for k in (VERSION, COMMAND, FILL)))
        for kind, found in ((VERSION, versions), (COMMAND, commands), (FILL, fills)):
            self._cache.learn(kind, found)
        refused = [each["id"] for each in commands if each.get("commandStatus") in REFUSED_COMMANDS]
        bare = [each["id"] for each in fills if each["id"] not in self._fills and self._fee(each["id"]) is None]
        reports, fees = await together(self._rest.of(COMMAND_REPORT, refused), self._fees(bare))
        self._cache.learn(COMMAND_REPORT, reports)
        self._cache.learn(FEE, fees)

    async def _fees(self, fills: list[int]) -> list[Entity]:
        found = await together(*(self._rest.item(FEE, number) for number in fills))
        return [fee for fee in found if fee is not None]

    async def fee(self, fill_id: int) -> None:
        """Ask for a fill's fee."""
        self._cache.learn(FEE, await self._fees([fill_id]))

    def _fee(self, fill_id: int) -> Any:
        return mapping.fee_known(self._cache, fill_id)

    def fill(self, entity: Entity, client_id: str, symbol: str) -> Fill:
        """The same for the same trade, always; without a fee if none was told by now."""
        known = self._fills.get(entity["id"])
        if known is None or known.client_id != client_id:
            fee = self._fee(entity["id"]) or ZERO
            known = self._fills[entity["id"]] = mapping.fill_of(entity, fee, client_id, symbol, self._currency)
        return known

    def is_decided(self, fill_id: int) -> bool:
        """Its fee is known, or was given up."""
        return fill_id in self._fills or self._fee(fill_id) is not None

    async def order(self, order_id: int) -> VenueOrder:
        """As the venue shows it now. Raises Absent, too."""
        entity = await self._rest.item(ORDER, order_id)
        if entity is None:
            raise Absent(f"Tradovate has no order {order_id}")
        self._cache.learn(ORDER, [entity])
        await self.refresh([order_id])
        return await self.seen(order_id)

    def is_settled(self, order_id: int) -> bool:
        order = self._cache.order(order_id)
        return order is None or order.get("ordStatus") not in mapping.UNSETTLED

    async def seen(self, order_id: int) -> VenueOrder:
        """As the cache has it."""
        order = self._cache.order(order_id)
        if order is None:
            raise Lost(f"nothing is known of order {order_id}")
        client_id, symbol = self.client_of(order_id), await self._contracts.symbol(order["contractId"])
        fills = [self.fill(each, client_id, symbol) for each in self._cache.of_order(FILL, order_id)]
        kind, text = mapping.reason_of(self._cache, order_id)
        found = mapping.view(self._cache, order_id, client_id, symbol, fills, f"{kind}: {text}".strip(": "))
        if found is None:
            raise Lost(f"Tradovate does not show what order {order_id} asks for")
        return found

    # --- the account ------------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        now = self._clock.now()
        orders, positions, cash = await together(
            self._rest.all(ORDER), self._rest.all("position"), self._rest.cash(self._account_id)
        )
        self._cache.learn(ORDER, orders)
        mine = [each["id"] for each in orders if self._is_mine(each) and each.get("ordStatus") not in ENDED]
        await self.refresh(mine)
        seen = [await self.seen(order_id) for order_id in mine]
        ended = (Status.FILLED, Status.CANCELED, Status.REJECTED, Status.EXPIRED)
        held = [await self._held(each) for each in positions if self._is_mine(each) and each.get("netPos")]
        balance = mapping.balance_of(cash, self._currency, now)
        return Snapshot(now, tuple(order for order in seen if order.status not in ended), tuple(held), balance)

    async def _held(self, position: Entity) -> VenuePosition:
        price = position.get("netPrice")
        return VenuePosition(
            await self._contracts.symbol(position["contractId"]),
            mapping.number(position["netPos"]),
            mapping.number(price) if price is not None else None,
        )

    def _is_mine(self, entity: Entity) -> bool:
        return bool(entity.get("accountId") == self._account_id)
