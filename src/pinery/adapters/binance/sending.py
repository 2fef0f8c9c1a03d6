"""Requests that change something: orders sent, changed and canceled, each once.

What comes of them by the outcome policy of ``trading.broker``; Binance's duplicate (-4116) says that the order is
there, its "unknown order" (-2011) to a cancel that it is filled or gone: both are looked up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from weakref import WeakValueDictionary

import structlog

from pinery.adapters.binance.conditionals import Conditionals
from pinery.adapters.binance.errors import (
    CANCEL_UNKNOWN,
    DUPLICATE,
    MODIFY_WITHOUT_CHANGE,
    NO_SUCH_ORDER,
    Failure,
    Kind,
)
from pinery.adapters.binance.instruments import Instruments, plain, venue_name
from pinery.adapters.binance.limits import Urgency
from pinery.adapters.binance.looking import Looking
from pinery.adapters.binance.mapping import (
    algo_request,
    is_conditional,
    number,
    order_request,
    revised,
    trigger_price,
)
from pinery.adapters.binance.memory import Memory
from pinery.adapters.binance.rest import Json, Rest
from pinery.adapters.binance.settings import BinanceSettings
from pinery.adapters.binance.symbol_terms import SymbolTerms
from pinery.trading.broker import VenueOrder
from pinery.trading.errors import NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, OrderType, Role

_GONE = frozenset({CANCEL_UNKNOWN, NO_SUCH_ORDER})

#: Attempts to cancel a revision that is one too many, and seconds between them.
_TIDY_TRIES, _TIDY_EVERY = 20, 0.5


class Sending:
    """``expect``: an event about this order has to follow a request that began then, by ``Clock.monotonic``."""

    def __init__(
        self,
        rest: Rest,
        settings: BinanceSettings,
        instruments: Instruments,
        terms: SymbolTerms,
        memory: Memory,
        conditionals: Conditionals,
        looking: Looking,
        expect: Callable[[str, float], None],
    ) -> None:
        self._rest = rest
        self._settings = settings
        self._instruments = instruments
        self._terms = terms
        self._memory = memory
        self._conditionals = conditionals
        self._looking = looking
        self._expect = expect
        self._tidying: dict[str, asyncio.Task[None]] = {}
        self._triggering: dict[str, asyncio.Task[None]] = {}
        self._closed = False  # what still comes to its end begins nothing beside itself
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def _turn(self, client_id: str) -> AsyncIterator[None]:
        """Requests about one order go one after the other: a stop that is canceled while its next revision is on its
        way would live on in that."""
        lock = self._turns.setdefault(client_id, asyncio.Lock())
        with self._memory.sending(client_id):
            async with lock:
                yield

    async def close(self) -> None:
        self._closed = True
        tasks = [*self._tidying.values(), *self._triggering.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- orders -----------------------------------------------------------------------

    async def submit(self, order: Order) -> str:
        memory, client_id = self._memory, order.client_id
        if client_id in memory.accepted:
            return memory.accepted[client_id]
        name = venue_name(order.symbol)
        async with self._turn(client_id):
            if client_id in memory.accepted:
                return memory.accepted[client_id]
            if memory.may_be_there(order):
                found = await self._found_before(order)
                if found is not None:
                    return self._adopted(order, found)
            if order.role is Role.ENTRY:
                await self._terms.ready(order.symbol)
            self._check(order, name)
            return await self._send(order, name)

    async def _found_before(self, order: Order) -> VenueOrder | None:
        unknown = order.client_id in self._memory.unknown
        try:
            found = await self._looking.certain(order)
        except QueryFailed as error:
            text = f"order {order.client_id} may be at Binance already: {error.message}"
            raise (OutcomeUnknown(text) if unknown else NotSent(text)) from None
        if found is None:
            self._memory.unknown.pop(order.client_id, None)
        return found

    def _adopted(self, order: Order, found: VenueOrder) -> str:
        self._memory.accept(order.client_id, found.venue_id)
        return found.venue_id

    def _check(self, order: Order, name: str) -> None:
        """What Binance would refuse is not sent."""
        at_market = order.type is not OrderType.LIMIT or is_conditional(order, self._settings)
        prices = [price for price in (order.limit_price, order.stop_price) if price is not None]
        notional = None
        if order.type is OrderType.LIMIT and order.limit_price is not None and not order.reduce_only:
            notional = order.quantity * order.limit_price
        self._instruments.rules(name).check(order.quantity, at_market=at_market, prices=prices, notional=notional)

    async def _send(self, order: Order, name: str) -> str:
        conditional = is_conditional(order, self._settings)
        if order.type is OrderType.TRAILING_STOP:
            text = "Binance trails by a share of the price, which holds no distance: the desk moves such stops itself"
            raise Rejected("BROKER_REJECTED", text)
        request = algo_request(order, name, self._settings) if conditional else order_request(order, name)
        urgency = Urgency.ENTRY if order.role is Role.ENTRY else Urgency.PROTECT
        memory, client_id = self._memory, order.client_id
        began = memory.unknown[client_id] = memory.clock.monotonic()  # also if this task is canceled now
        try:
            row = await (self._rest.place_algo(request, urgency) if conditional else self._rest.place(request, urgency))
        except Failure as failure:
            if failure.code == DUPLICATE:
                return await self._adopt(order)
            if failure.kind is not Kind.UNKNOWN:
                del memory.unknown[client_id]
            raise failure.as_outcome() from None
        venue_id = self._noted(order, client_id, row, conditional)
        memory.accept(client_id, venue_id)
        self._expect(client_id, began)
        return venue_id

    def _noted(self, order: Order, name: str, row: Json, conditional: bool) -> str:
        price = trigger_price(order) if conditional else order.limit_price
        self._memory.asked(name, order.quantity, price)
        if conditional:
            self._conditionals.saw(name, str(row.get("algoStatus", "NEW")))
            return str(row["algoId"])
        return str(row["orderId"])

    async def _adopt(self, order: Order) -> str:
        """-4116: an order with this id is there, so it is this one."""
        try:
            found = await self._looking.certain(order)
        except QueryFailed as error:
            raise OutcomeUnknown(f"order {order.client_id} is at Binance and cannot be read: {error.message}") from None
        if found is None:
            raise OutcomeUnknown(f"Binance calls order {order.client_id} a duplicate and does not find it")
        return self._adopted(order, found)

    # --- changes ----------------------------------------------------------------------

    async def amend(self, order: Order, amendment: Amendment) -> None:
        memory, base = self._memory, order.client_id
        if amendment.quantity is not None and amendment.quantity <= order.filled:
            text = f"quantity {plain(amendment.quantity)} is not above {plain(order.filled)}, filled"
            raise Rejected("BROKER_REJECTED", text)
        name = venue_name(order.symbol)
        async with self._turn(base):
            before = memory.revisions.get(base, 0)
            if amendment.revision <= before:
                return
            live = await self._live(order, name) if is_conditional(order, self._settings) else None
            memory.revisions[base] = amendment.revision
            try:
                if live is not None:
                    await self._replace(order, amendment, name, live)
                else:
                    await self._modify(order, amendment, name)
            except (Rejected, NotSent):
                memory.revisions[base] = before
                raise

    async def _modify(self, order: Order, amendment: Amendment, name: str) -> None:
        """Both quantity and price are sent; those that stay are as Binance has them."""
        if order.type is not OrderType.LIMIT:
            raise Rejected("BROKER_REJECTED", f"order {order.client_id} is at the market and cannot be changed")
        memory, client_id = self._memory, order.client_id
        quantity, price = amendment.quantity, amendment.limit_price
        if quantity is None or price is None:
            now = await self._terms_now(order, name)
            quantity, price = quantity if quantity is not None else now[0], price if price is not None else now[1]
        changed = replace(order, quantity=quantity, limit_price=price)
        self._check(changed, name)
        request = {
            "symbol": name,
            "side": order.side.value.upper(),
            "quantity": plain(quantity),
            "price": plain(price),
            "origClientOrderId": client_id,
        }
        if order.reduce_only:
            request["reduceOnly"] = "true"  # else Binance wants its least notional of what is only to be closed
        urgency = Urgency.ENTRY if order.role is Role.ENTRY else Urgency.PROTECT
        began = memory.clock.monotonic()
        try:
            await self._rest.modify(request, urgency)
            self._expect(client_id, began)
        except Failure as failure:
            if failure.kind is Kind.UNKNOWN:
                memory.quantities.pop(client_id, None)
                memory.prices.pop(client_id, None)
            if failure.code != MODIFY_WITHOUT_CHANGE:
                raise failure.as_outcome() from None
        memory.asked(client_id, quantity, price)

    async def _terms_now(self, order: Order, name: str) -> tuple[Decimal, Decimal]:
        memory, client_id = self._memory, order.client_id
        if client_id in memory.quantities and client_id in memory.prices:
            return memory.quantities[client_id], memory.prices[client_id]
        try:
            row = await self._rest.order(name, client_id=client_id)
        except Failure as failure:
            raise NotSent(f"order {client_id} cannot be read before its change: {failure.reason}") from None
        if row is None:
            raise Rejected("BROKER_REJECTED", f"order {client_id} is not at Binance")
        return number(row["origQty"]), number(row["price"])

    async def _replace(self, order: Order, amendment: Amendment, name: str, live: list[str]) -> None:
        """A conditional order's next revision: the new one first, then the old one is canceled.

        Both only reduce, so that the moment with two of them is no risk; one that may open a position would be.
        """
        base = order.client_id
        if not order.reduce_only:
            text = "a stop that may open a position is not changed at Binance: cancel it and send another one"
            raise Rejected("BROKER_REJECTED", text)
        if not live:
            raise Rejected("BROKER_REJECTED", f"order {base} is not waiting at Binance any more")
        known = live[-1]
        quantity, price = amendment.quantity, amendment.stop_price
        if order.type is not OrderType.STOP:
            price = amendment.limit_price
        if quantity is not None:
            quantity -= order.filled
        if quantity is None or price is None:
            if known not in self._memory.quantities or known not in self._memory.prices:
                await self._read_terms(known)
            quantity = self._memory.quantities[known] if quantity is None else quantity
            price = self._memory.prices[known] if price is None else price
        revision = revised(base, amendment.revision)
        new = replace(order, client_id=revision, quantity=quantity)
        new = replace(new, stop_price=price) if order.type is OrderType.STOP else replace(new, limit_price=price)
        self._check(new, name)
        began = self._memory.clock.monotonic()
        try:
            row = await self._rest.place_algo(algo_request(new, name, self._settings), Urgency.PROTECT)
        except Failure as failure:
            if failure.code != DUPLICATE:
                raise failure.as_outcome() from None
            row = {"algoId": ""}
        self._noted(new, revision, row, True)
        self._expect(base, began)
        if not await self._tidy_once(base):
            self.tidy(base)

    async def _read_terms(self, client_id: str) -> None:
        try:
            row = await self._rest.algo(client_id)
        except Failure as failure:
            raise NotSent(f"order {client_id} cannot be read before its change: {failure.reason}") from None
        if row is None:
            raise Rejected("BROKER_REJECTED", f"order {client_id} is not at Binance")
        self._memory.asked(client_id, number(row["quantity"]), number(row["triggerPrice"]))

    async def _live(self, order: Order, name: str) -> list[str]:
        """Its revisions that can be canceled. Raises NotSent."""
        live, base = self._conditionals.live(order.client_id), order.client_id
        if live and self._memory.revisions.get(base, 0) <= self._conditionals.newest(base):
            return live  # else nobody knows what became of the newest
        try:
            self._conditionals.learn(await self._rest.open_algos(name))
        except Failure as failure:
            raise NotSent(f"conditional orders cannot be read: {failure.reason}", failure.retry_after) from None
        return self._conditionals.live(base)

    # --- cancels ----------------------------------------------------------------------

    async def cancel(self, order: Order) -> None:
        name = venue_name(order.symbol)
        async with self._turn(order.client_id):
            began = self._memory.clock.monotonic()
            if is_conditional(order, self._settings) or self._conditionals.knows(order.client_id):
                live = await self._live(order, name)
                gone = False
                for client_id in live:
                    gone = not await self._cancel_one(client_id) or gone
                if live and not gone:
                    self._expect(order.client_id, began)
                    return
            try:
                await self._rest.cancel(name, client_id=order.client_id)
            except Failure as failure:
                if failure.code not in _GONE:
                    raise failure.as_outcome() from None
                await self._gone(order, name)
            self._expect(order.client_id, began)

    async def _cancel_one(self, client_id: str) -> bool:
        """False: it is not there, or over."""
        try:
            await self._rest.cancel_algo(client_id)
        except Failure as failure:
            if failure.code in _GONE:
                return False
            raise failure.as_outcome() from None
        self._conditionals.saw(client_id, "CANCELED")
        return True

    async def _gone(self, order: Order, name: str) -> None:
        """What Binance does not cancel is filled or gone; or it has another name. Raises, or has canceled it."""
        client_id = order.client_id
        try:
            view = await self._looking.at(order)
        except (Failure, QueryFailed) as error:
            raise OutcomeUnknown(f"order {client_id} was not canceled, and it is not known why: {error}") from None
        if view is None:
            if client_id in self._memory.unknown:
                raise NotSent(f"order {client_id} may still arrive at Binance: it cannot be canceled yet")
            raise Rejected("BROKER_REJECTED", f"order {client_id} is not at Binance")
        if view.status.is_final:
            raise Rejected("BROKER_REJECTED", f"order {client_id} cannot be canceled: it is {view.status}")
        for order_id in self._conditionals.children(client_id):
            try:
                await self._rest.cancel(name, order_id=order_id)
            except Failure as failure:
                if failure.code not in _GONE:
                    raise failure.as_outcome() from None
            else:
                return
        raise NotSent(f"order {client_id} is {view.status} at Binance, which did not cancel it")

    # --- stops that hang ----------------------------------------------------------------

    def see_through(self, client_id: str) -> None:
        """A conditional order is about to become an order. Where none comes it protects nothing and is canceled: the
        desk closes the position then, or places another stop."""
        if client_id not in self._triggering and not self._closed:
            task = self._triggering[client_id] = asyncio.create_task(self._see_through(client_id))
            task.add_done_callback(lambda _: self._triggering.pop(client_id, None))

    async def _see_through(self, client_id: str) -> None:
        while True:
            await asyncio.sleep(self._settings.trigger_patience)
            if not self._conditionals.is_triggering(client_id):
                return
            structlog.get_logger().error("binance_stop_hangs", client_id=client_id)
            try:
                await self._rest.cancel_algo(client_id)
                return  # the stream tells of it
            except Failure as failure:
                if failure.code in _GONE:
                    return

    # --- revisions that are too many ----------------------------------------------------

    def tidy(self, base: str) -> None:
        """Cancel them, beside everything else."""
        if base not in self._tidying and self._conditionals.surplus(base) and not self._closed:
            task = self._tidying[base] = asyncio.create_task(self._tidy(base))
            task.add_done_callback(lambda _: self._tidying.pop(base, None))

    async def _tidy(self, base: str) -> None:
        for _ in range(_TIDY_TRIES):
            if await self._tidy_once(base):
                return
            await asyncio.sleep(_TIDY_EVERY)
        structlog.get_logger().error("binance_stop_left_over", client_id=base)

    async def _tidy_once(self, base: str) -> bool:
        """True: none is left."""
        for client_id in self._conditionals.surplus(base):
            try:
                await self._rest.cancel_algo(client_id)
                self._conditionals.saw(client_id, "CANCELED")
            except Failure as failure:
                if failure.code not in _GONE:
                    return False
                try:
                    row = await self._rest.algo(client_id)
                except Failure:
                    return False
                self._conditionals.learn([row] if row is not None else ())
                if row is None:
                    self._conditionals.saw(client_id, "CANCELED")
        return not self._conditionals.surplus(base)
