"""An account at any exchange that ccxt knows. There is no stream: orders, trades and balance are asked for.

Positions are those of linear perpetual contracts in one-way mode. Protection rests as stop and limit orders of its
own, and the desk cancels the sibling. What was sent and not answered is looked for by its client id; nothing is sent
twice. ccxt itself repeats no request.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from pinery.adapters.ccxt.errors import is_duplicate, of_asking, of_sending, words
from pinery.adapters.ccxt.exchange import changing, make_exchange
from pinery.adapters.ccxt.lookup import Lookup, ours
from pinery.adapters.ccxt.mapping import (
    Markets,
    balance_of,
    contract_size,
    number,
    order_of,
    plain,
    positions_of,
    terms_of,
)
from pinery.adapters.ccxt.settings import CcxtSettings
from pinery.adapters.ccxt.watching import Watched, reports_of
from pinery.adapters.common.last_look import MaySend, always
from pinery.trading.broker import (
    Balance,
    Capabilities,
    Quote,
    Report,
    ReportKind,
    Snapshot,
    VenueOrder,
)
from pinery.trading.clock import Clock
from pinery.trading.contracts import Terms
from pinery.trading.deployments import Account
from pinery.trading.ending import to_its_end
from pinery.trading.errors import BrokerError, NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, OrderType, Status, Ticket, TimeInForce
from pinery.trading.reporting import ReportStream

_ASKS = 5  # times within ``patience``, at least, that an order whose outcome is not known is looked for
_SILENT = 3  # looks in a row without an answer before the exchange counts as gone


class CcxtBroker:
    """``may_send``: whether the account is still ours."""

    def __init__(self, account: Account, settings: CcxtSettings, clock: Clock, may_send: MaySend = always) -> None:
        self._account = account
        self._may_send = may_send
        self._settings = settings
        self._clock = clock
        self._stream = ReportStream()
        self._exchange: Any = None
        self._markets = Markets(settings.exchange, {}, {})
        self._lookup: Lookup | None = None
        self._since = 0  # when this connection began, Unix ms: what is older may have been sent by another process
        self._sent: dict[str, str] = {}  # client id -> the exchange's, of what it accepted in this connection
        self._unsure: dict[str, float] = {}  # client id -> when it was sent without an answer, monotonic
        self._on_the_way: Counter[str] = Counter()
        self._leveraged: set[str] = set()
        self._watched: dict[str, Watched] = {}
        self._wake = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None
        self._balance: Balance | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="ccxt",
            environment=self._settings.environment,
            protection_with_entry=False,
            oco=False,
            reduce_only=True,
            reverse_in_one=True,
            trailing_stop=False,
            amend=False,
            market_data=False,
        )

    async def connect(self) -> None:
        if self._exchange is not None:
            return
        exchange = make_exchange(self._settings, self._may_send)
        try:
            markets = await exchange.load_markets()
            self._markets = Markets(exchange.id, markets, self._settings.symbols, exchange.precisionMode)
            self._lookup = Lookup(exchange, self._markets)
            self._exchange = exchange
            self._balance = (await self._money())[0]
        except BaseException as error:
            self._exchange = None
            await to_its_end(exchange.close())
            if isinstance(error, Exception):
                raise of_asking(error) from None
            raise
        self._since = self._clock.now()
        self._stream.put(
            [Report(ReportKind.CONNECTED, self._since), Report(ReportKind.BALANCE, self._since, balance=self._balance)]
        )
        self._polling = asyncio.create_task(self._poll())

    async def close(self) -> None:
        exchange, self._exchange = self._exchange, None
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)
            self._polling = None
        if exchange is not None:
            await exchange.close()
        self._sent.clear()
        self._watched.clear()
        self._leveraged.clear()
        self._stream.close()
        self._stream = ReportStream()  # of the next connection

    def terms(self, symbol: str) -> Terms | None:
        try:
            return terms_of(self._markets.market(symbol), self._markets.precision)
        except Rejected:
            return None

    async def learn_terms(self) -> None:
        exchange = make_exchange(self._settings)
        try:
            markets = await exchange.load_markets()
            self._markets = Markets(exchange.id, markets, self._settings.symbols, exchange.precisionMode)
        except Exception as error:
            raise of_asking(error) from None
        finally:
            await exchange.close()

    def reports(self) -> AsyncIterator[Report]:
        return self._stream.read()

    # --- requests ---------------------------------------------------------------------

    async def submit(self, ticket: Ticket) -> str:
        order = ticket.order
        self._check()
        if order.client_id in self._sent:
            return self._sent[order.client_id]
        if order.client_id in self._unsure or order.created < self._since:
            try:
                found = await self.find(order)
            except QueryFailed as error:
                raise NotSent(f"it is not known whether it was sent before: {error.message}") from None
            if found is not None and found.status is not Status.REJECTED:
                return self._accepted(order, found.venue_id)
        market = self._markets.market(order.symbol)
        arguments = self._arguments(order, market)
        await self._set_leverage(market)
        return await self._send(order, market, arguments)

    async def _send(self, order: Order, market: Mapping[str, Any], arguments: tuple[Any, ...]) -> str:
        client_id = order.client_id
        self._unsure[client_id] = self._clock.monotonic()  # until there is an answer
        self._on_the_way[client_id] += 1
        try:
            with changing():
                made = await self._check().create_order(*arguments)
        except Exception as error:
            if is_duplicate(error):
                return await self._adopt(order, market, error)
            failure = of_sending(error)
            if not isinstance(failure, OutcomeUnknown):
                del self._unsure[client_id]
            raise failure from None
        finally:
            self._on_the_way -= Counter((client_id,))
        del self._unsure[client_id]
        return self._accepted(order, str(made["id"]))

    async def _adopt(self, order: Order, market: Mapping[str, Any], error: Exception) -> str:
        """The exchange has it already: from us, for nobody else makes such ids."""
        try:
            found = await self._looked_up(order, market)
        except BrokerError:
            found = None
        if found is None:
            raise OutcomeUnknown(words(error)) from None
        del self._unsure[order.client_id]
        return self._accepted(order, found.venue_id)

    def _accepted(self, order: Order, venue_id: str) -> str:
        self._sent[order.client_id] = venue_id
        self._watched[order.client_id] = Watched(order)
        self._stream.put([Report(ReportKind.ACCEPTED, self._clock.now(), order.client_id, venue_id)])
        self._wake.set()
        return venue_id

    def _arguments(self, order: Order, market: Mapping[str, Any]) -> tuple[Any, ...]:
        """Of ccxt's ``create_order``. Raises Rejected for what it cannot do."""
        assert self._lookup is not None
        if order.type is OrderType.TRAILING_STOP:
            raise Rejected("BROKER_REJECTED", "trailing stops are not among what the ccxt account can do")
        more: dict[str, Any] = {"clientOrderId": order.client_id}
        if order.reduce_only:
            more["reduceOnly"] = True
        if order.type is OrderType.STOP and order.stop_price is not None:
            if not self._lookup.has(market, "createOrder", "stopLossPrice"):
                raise Rejected("BROKER_REJECTED", f"ccxt places no stop orders at {self._settings.exchange}")
            more["stopLossPrice"] = plain(order.stop_price)
        if order.time_in_force is TimeInForce.IOC:
            more["timeInForce"] = "IOC"
        amount = order.quantity / contract_size(market)
        exchange = self._check()
        if number(exchange.amount_to_precision(market["symbol"], plain(amount))) != amount:
            step = market["precision"]["amount"]
            raise Rejected("BROKER_REJECTED", f"{plain(amount)} is no multiple of the exchange's step {step}")
        kind = "limit" if order.type is OrderType.LIMIT else "market"
        price = plain(order.limit_price) if order.type is OrderType.LIMIT and order.limit_price is not None else None
        return market["symbol"], kind, order.side.value, plain(amount), price, more

    async def _set_leverage(self, market: Mapping[str, Any]) -> None:
        """Once per contract and connection. Without it nothing is sent."""
        leverage, name = self._settings.leverage, market["symbol"]
        if leverage is None or name in self._leveraged:
            return
        try:
            with changing():
                await self._check().set_leverage(leverage, name)
        except Exception as error:
            raise NotSent(f"the leverage could not be set: {words(error)}") from None
        self._leveraged.add(name)

    async def amend(self, order: Order, amendment: Amendment) -> None:
        raise Rejected("BROKER_REJECTED", "the ccxt account amends nothing: cancel and place anew")

    async def cancel(self, order: Order) -> None:
        exchange, market = self._check(), self._markets.market(order.symbol)
        assert self._lookup is not None
        more: dict[str, Any] = {}
        if order.type is OrderType.STOP and self._lookup.has(market, "fetchOrder", "trigger"):
            more["trigger"] = True
        venue_id = self._sent.get(order.client_id) or order.venue_id
        if self._lookup.by_client_id:
            more["clientOrderId"] = order.client_id
        elif not venue_id:
            try:
                found = await self._looked_up(order, market)
            except QueryFailed as error:
                raise NotSent(error.message) from None
            if found is None:
                raise Rejected("BROKER_REJECTED", f"the exchange has no order {order.client_id}")
            venue_id = found.venue_id
        try:
            with changing():
                await exchange.cancel_order(venue_id, market["symbol"], more)
        except Exception as error:
            raise of_sending(error) from None
        finally:
            self._wake.set()

    # --- questions --------------------------------------------------------------------

    async def find(self, order: Order) -> VenueOrder | None:
        """What was sent without an answer counts as not there only when it still is not after ``patience``."""
        self._asked()
        client_id = order.client_id
        if client_id in self._on_the_way:
            raise QueryFailed(f"order {client_id} is still on its way")
        try:
            market = self._markets.market(order.symbol)
        except Rejected:
            return None
        asked = 0
        while True:
            late = not self._may_come_yet(order)
            found = await self._looked_up(order, market)
            asked += 1
            if found is not None:
                self._unsure.pop(client_id, None)
                if not found.status.is_final:
                    self._watched.setdefault(client_id, Watched(order))
                return found
            if late and asked >= _ASKS:
                self._unsure.pop(client_id, None)
                return None
            await asyncio.sleep(self._settings.patience / _ASKS)

    def _may_come_yet(self, order: Order) -> bool:
        sent = self._unsure.get(order.client_id)
        if sent is not None:
            return self._clock.monotonic() - sent < self._settings.patience
        if order.submitted is None:
            return False
        return abs(self._clock.now() - order.submitted) < self._settings.patience * 1000  # a clock may be put back

    async def _looked_up(self, order: Order, market: Mapping[str, Any]) -> VenueOrder | None:
        """Raises QueryFailed."""
        self._asked()
        assert self._lookup is not None
        try:
            return await self._lookup.order(order, market, self._sent.get(order.client_id) or order.venue_id)
        except QueryFailed:
            raise
        except Exception as error:
            raise of_asking(error) from None

    async def snapshot(self) -> Snapshot:
        self._asked()
        assert self._lookup is not None
        now = self._clock.now()  # what is heard from here on may be newer than the answers
        try:
            found = await self._lookup.open(None)
            balance, positions = await self._money()
        except Exception as error:
            raise of_asking(error) from None
        orders = []
        for one in found:
            symbol = self._markets.symbol(one["symbol"])
            with suppress(Rejected):
                orders.append(order_of(one, symbol, contract_size(self._markets.market(symbol))))
        return Snapshot(now, tuple(orders), positions_of(positions, self._markets), balance)

    async def price_seen(self, quote: Quote) -> None:
        """The exchange has prices of its own."""

    async def _money(self) -> tuple[Balance, list[Mapping[str, Any]]]:
        """Raises what ccxt raises."""
        exchange = self._check()
        held: list[Mapping[str, Any]] = await exchange.fetch_positions()
        found = await exchange.fetch_balance({"type": "swap"})
        return balance_of(found, held, self._account.currency, self._clock.now()), held

    def _check(self) -> Any:
        if self._exchange is None:
            raise NotSent(f"the account {self._account.name} is not connected")
        return self._exchange

    def _asked(self) -> None:
        if self._exchange is None:
            raise QueryFailed(f"the account {self._account.name} is not connected")

    # --- looking ----------------------------------------------------------------------

    async def _poll(self) -> None:
        failed = 0
        while self._exchange is not None:  # a cancellation may be lost inside of a library
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
            except Exception as error:
                failed += 1
                if failed == _SILENT:
                    self._stream.put([Report(ReportKind.DISCONNECTED, self._clock.now(), reason=words(error))])
                await asyncio.sleep(min(self._settings.poll * failed, 30.0))
                continue
            if failed >= _SILENT:
                self._stream.put([Report(ReportKind.CONNECTED, self._clock.now())])
            failed = 0

    async def _look(self) -> None:
        """Orders that rest and have not changed cost one request per contract."""
        assert self._lookup is not None
        symbols = {watched.order.symbol for watched in self._watched.values()}
        for symbol in symbols:
            market = self._markets.market(symbol)
            rest = {str(one.get("clientOrderId")): one for one in await self._lookup.open(market) if ours(one)}
            for client_id, watched in list(self._watched.items()):
                if watched.order.symbol != symbol:
                    continue
                resting = rest.get(client_id)
                if resting is not None and not number(resting.get("filled")):
                    continue
                await self._tell(watched, market)
        balance = (await self._money())[0]
        if self._balance is None or not _same(balance, self._balance):
            self._balance = balance
            self._stream.put([Report(ReportKind.BALANCE, balance.time, balance=balance)])

    async def _tell(self, watched: Watched, market: Mapping[str, Any]) -> None:
        found = await self._looked_up(watched.order, market)
        if found is None:
            del self._watched[watched.order.client_id]  # the desk's own comparison finds out what became of it
            return
        self._stream.put(reports_of(watched, found, self._clock.now()))
        if found.status.is_final:
            self._watched.pop(watched.order.client_id, None)


def _same(one: Balance, other: Balance) -> bool:
    return (one.balance, one.equity, one.margin_used) == (other.balance, other.equity, other.margin_used)
