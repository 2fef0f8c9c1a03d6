"""An account at Tradovate: futures, entries with their protection as one request (OSO), exits by plain orders.

A request that is answered with 200 was accepted, not done: what becomes of it comes through the user stream. Whatever
the stream loses, ``find`` and ``snapshot`` ask for.

``liquidateposition`` is not used: it closes what all deployments and the trader's own hands hold in a contract, where
the desk closes one deployment's share.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import structlog

from pinery.adapters.common.last_look import MaySend, always
from pinery.adapters.tradovate import mapping, session
from pinery.adapters.tradovate.cache import ACCOUNT, RISK, Entity
from pinery.adapters.tradovate.contracts import Contracts
from pinery.adapters.tradovate.errors import MALFORMED, PENDING, Failure, Lost, Refused, as_query, as_request, code_of
from pinery.adapters.tradovate.limits import Urgency
from pinery.adapters.tradovate.login import Login
from pinery.adapters.tradovate.looking import Absent, Looking
from pinery.adapters.tradovate.market_stream import MarketStream
from pinery.adapters.tradovate.quotes import Quotes
from pinery.adapters.tradovate.session import Session
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.adapters.tradovate.telling import Telling
from pinery.trading.broker import Capabilities, Quote, Report, ReportKind, Snapshot, VenueOrder
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract, Terms
from pinery.trading.deployments import Account
from pinery.trading.errors import BrokerError, ConfigError, NotSent, OutcomeUnknown, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, Role, Status, Ticket
from pinery.trading.reporting import ReportStream

_EQUITY_EVERY = 30.0  # seconds, between two looks at the balance without a reason

#: Futures trade by the contract.
_TERMS = Terms(step=Decimal(1), least=Decimal(1))


class TradovateBroker:
    """``contract`` gives the facts of a symbol, or raises PineryError. ``may_send``: whether the account is still
    ours."""

    def __init__(
        self,
        account: Account,
        settings: TradovateSettings,
        clock: Clock,
        contract: Callable[[str], Contract],
        may_send: MaySend = always,
    ) -> None:
        """Raises ConfigError where the account's environment is not that of the settings."""
        if account.environment is not settings.environment:
            text = f"the account is {account.environment.value}, its settings are for {settings.environment.value}"
            raise ConfigError(f"account {account.name}: {text}", (text,))
        self._account = account
        self._settings = settings
        self._clock = clock
        self._contract = contract
        self._may_send = may_send
        self._quotes: Quotes | None = None
        self._stream = ReportStream()
        self._session: Session | None = None
        self._connecting = asyncio.Lock()
        self._failures = 0
        self._problem = ""  # of the last attempt to connect
        self._not_before = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []
        self._spec: Entity = {}  # the account at the venue
        self._since = 0  # Unix ms, when this connection was made
        self._connected_at = 0.0  # the same, monotonic
        self._ended: dict[str, float] = {}  # client id -> when the last request to place it was over, monotonic
        self._doubtful: set[str] = set()  # placed, outcome not known
        self._on_the_way: Counter[str] = Counter()
        self._revisions: dict[int, int] = {}
        self._money = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="tradovate",
            environment=self._settings.environment,
            protection_with_entry=self._settings.brackets,
            oco=self._settings.brackets,
            reduce_only=False,
            reverse_in_one=False,  # brackets take the entry's whole quantity
            trailing_stop=self._settings.trailing_stop,
            amend=True,
            market_data=self._settings.market_data,
            whole_contracts=True,
        )

    # --- the connection ---------------------------------------------------------------

    async def connect(self) -> None:
        """Raises BrokerError. After a failure the next attempt has to wait: until then it fails with the same words."""
        async with self._connecting:
            if self._session is not None:
                return
            waits, now = self._settings.waits, self._clock.monotonic()
            if now < self._not_before:
                raise QueryFailed(self._problem)
            try:
                joined = await session.join(self._settings, self._clock)
                try:
                    await self._begin(joined)
                except BaseException:
                    await session.leave(joined, self._settings)
                    raise
            except BrokerError as error:
                self._problem = error.message
                wait = min(waits.longest_backoff, waits.backoff * 2**self._failures)
                self._failures = min(self._failures + 1, 16)
                self._not_before = self._clock.monotonic() + wait
                raise
            self._failures = 0

    async def _begin(self, joined: Session) -> None:
        try:
            self._spec = await self._find_account(joined)
        except Failure as failure:
            raise as_query(failure) from None
        account_id = int(self._spec["id"])
        waits = self._settings.waits
        if self._settings.market_data:
            market = MarketStream(self._settings.md_url, Login(self._settings, self._clock), waits)
            self._quotes = Quotes(market, self._quote, waits.backoff, waits.longest_backoff)
        self._contracts = Contracts(
            joined.rest, joined.cache, self._contract, self._clock, waits.contract, self._is_traded
        )
        self._looking = Looking(
            joined.rest, joined.cache, self._contracts, account_id, self._account.currency, self._clock
        )
        self._telling = Telling(joined.cache, self._looking, self._contracts, self._clock, waits, self._put)
        self._since, self._connected_at = self._clock.now(), self._clock.monotonic()
        for symbol in self._settings.symbols:
            try:
                await self._contracts.check(symbol)
            except BrokerError as error:
                structlog.get_logger().warning("tradovate_contract", symbol=symbol, problem=error.message)
        # From here to joining nothing is waited for, so that no news falls between.
        self._telling.begin(account_id)
        self._session = joined
        self._tasks = [asyncio.create_task(self._telling.run()), asyncio.create_task(self._watch_money())]
        if self._quotes is not None:
            self._tasks.append(asyncio.create_task(self._quotes.run()))
        self._money.set()
        joined.join(self)
        self._telling.standing(account_id)
        if joined.live:
            self._put([Report(ReportKind.CONNECTED, self._clock.now())])

    async def _find_account(self, joined: Session) -> Entity:
        """By its name, among those of this login on this host: the guard against trading in another one."""
        accounts = await joined.rest.all("account")
        where = f"at Tradovate's {self._settings.environment.value}"
        for account in accounts:
            if account.get("name") == self._settings.account:
                if account.get("active") is False or account.get("closed") is True:
                    raise BrokerError(f"account {self._settings.account} {where} is closed or not active")
                return account
        names = ", ".join(sorted(str(account.get("name")) for account in accounts)) or "none"
        raise BrokerError(
            f"{self._settings.username} has no account {self._settings.account} {where}", f"its accounts: {names}"
        )

    async def close(self) -> None:
        async with self._connecting:
            joined, self._session = self._session, None
            if joined is not None:
                joined.leave(self)
                for task in self._tasks:
                    task.cancel()
                try:
                    await asyncio.gather(*self._tasks, return_exceptions=True)
                finally:
                    await session.leave(joined, self._settings)
            self._stream.close()
            self._stream = ReportStream()  # of the next connection

    def terms(self, symbol: str) -> Terms | None:
        """Ticks are compared with the venue's before the first order."""
        return _TERMS

    async def learn_terms(self) -> None:
        """They are the same for all contracts."""

    def reports(self) -> AsyncIterator[Report]:
        return self._stream.read()

    def _put(self, reports: list[Report]) -> None:
        self._stream.put(reports)

    # --- what the session tells -------------------------------------------------------

    def synced(self) -> None:
        joined = self._session
        if joined is not None:
            self._telling.look({order["id"] for order in joined.cache.orders(int(self._spec["id"]))})
            self._telling.standing(int(self._spec["id"]))
            self._put([Report(ReportKind.CONNECTED, self._clock.now())])
            self._money.set()

    def told(self, kind: str, entities: list[Any], orders: set[int]) -> None:
        if kind == "cashBalance":
            if any(isinstance(each, dict) and each.get("accountId") == self._spec["id"] for each in entities):
                self._money.set()
            return
        joined = self._session
        if joined is None:
            return
        if kind in (ACCOUNT, RISK):
            self._telling.standing(int(self._spec["id"]))
        mine = set()
        for order_id in orders:
            order = joined.cache.order(order_id)
            if self._looking.is_own(order_id) or (order is not None and order.get("accountId") == self._spec["id"]):
                mine.add(order_id)
        self._telling.look(mine)

    def lost(self, reason: str) -> None:
        self._put([Report(ReportKind.DISCONNECTED, self._clock.now(), reason=reason)])

    async def _watch_money(self) -> None:
        """The balance, when it changed, and now and then for the open profit's sake."""
        while True:
            try:
                async with asyncio.timeout(_EQUITY_EVERY):
                    await self._money.wait()
            except TimeoutError:
                pass
            self._money.clear()
            joined = self._session
            if joined is not None and joined.live:
                try:
                    cash, now = await joined.rest.cash(int(self._spec["id"])), self._clock.now()
                    balance = mapping.balance_of(cash, self._account.currency, now)
                except (Failure, *MALFORMED) as error:
                    structlog.get_logger().warning("tradovate_balance", problem=str(error))
                else:
                    self._put([Report(ReportKind.BALANCE, now, balance=balance)])
            await asyncio.sleep(self._settings.waits.balance)

    def _is_traded(self, contract_id: int, name: str, symbol: str) -> None:
        if self._quotes is not None:
            self._quotes.want(contract_id, name, symbol)

    def _quote(self, quote: Quote) -> None:
        self._put([Report(ReportKind.QUOTE, quote.time, quote=quote)])

    # --- placing ----------------------------------------------------------------------

    async def submit(self, ticket: Ticket) -> str:
        order = ticket.order
        joined = self._for_request(order)
        known = self._looking.known(order)
        if known is None and (order.client_id in self._doubtful or order.created < self._since):
            known = await self._ask_first(order)
        if known is not None:
            return self._adopt(joined, known, order)
        name = self._contracts.name(order.symbol)
        if order.role is Role.ENTRY:
            await self._contracts.check(order.symbol)
        body = mapping.place(ticket, self._spec, name)
        urgency = Urgency.OPENING if order.role is Role.ENTRY else Urgency.CLOSING
        names = [order.client_id, *(child.client_id for child in ticket.protection)]
        self._on_the_way.update(names)
        try:
            place = joined.rest.place_oso if ticket.protection else joined.rest.place
            answer = await place(body, urgency, self._may_send)
            order_id = answer.get("orderId")
            if not isinstance(order_id, int):
                raise Lost("Tradovate answered without an order id")
        except Failure as failure:
            if isinstance(failure, Lost):
                self._doubtful.update(names)
            raise as_request(failure) from None
        except BaseException:
            self._doubtful.update(names)
            raise
        finally:
            self._on_the_way -= Counter(names)
            self._ended.update(dict.fromkeys(names, self._clock.monotonic()))
        self._doubtful.difference_update(names)
        self._looking.own(order_id, order.client_id)
        placed = {order_id}
        for number, child in enumerate(ticket.protection, 1):
            child_id = answer.get(f"oso{number}Id")
            if isinstance(child_id, int):
                self._looking.own(child_id, child.client_id)
                placed.add(child_id)
        self._telling.look(placed)  # events may have come before the answer
        return str(order_id)

    def _for_request(self, order: Order) -> Session:
        """Raises NotSent without a connection. What closes may go without the stream."""
        joined = self._session
        if joined is None:
            raise NotSent(f"the account {self._account.name} at Tradovate is not connected")
        if order.role is Role.ENTRY and not joined.live:
            raise NotSent(f"the stream of Tradovate is not there: {joined.stream.problem}")
        return joined

    async def _ask_first(self, order: Order) -> int | None:
        """An earlier request, maybe of an earlier process, may have placed it."""
        try:
            return await self._looking.search(order)
        except Failure as failure:
            text = f"whether order {order.client_id} is there already was not told: {failure.reason}"
            raise OutcomeUnknown(text) from None

    def _adopt(self, joined: Session, order_id: int, order: Order) -> str:
        entity = joined.cache.order(order_id)
        if entity is not None and entity.get("ordStatus") == "Rejected":
            kind, text = mapping.reason_of(joined.cache, order_id)
            raise Rejected(code_of(kind, text), f"{kind}: {text}".strip(": ") or "Tradovate rejected it")
        self._looking.own(order_id, order.client_id)
        self._doubtful.discard(order.client_id)
        self._telling.look({order_id})
        return str(order_id)

    # --- changing ---------------------------------------------------------------------

    async def amend(self, order: Order, amendment: Amendment) -> None:
        joined, order_id = await self._known(order)

        async def send() -> None:
            try:
                await self._looking.order(order_id)  # all terms are sent again: they must be the present ones
            except Failure as failure:
                raise NotSent(f"the order's terms at Tradovate: {failure.reason}") from None
            done = max(mapping.revision_of(joined.cache, order_id), self._revisions.get(order_id, 0))
            terms = mapping.terms_of(joined.cache, order_id)
            if amendment.revision <= done:
                return
            if terms is None:
                raise NotSent(f"the terms of order {order.client_id} are not known")
            body = mapping.modify(order_id, terms, order.client_id, amendment)
            urgency = Urgency.CLOSING if order.role.protects else Urgency.AMENDING
            answer = await joined.rest.modify(body, urgency, self._may_send)
            _must_name_command(answer)
            self._revisions[order_id] = amendment.revision

        await self._command(order_id, send)

    async def cancel(self, order: Order) -> None:
        joined, order_id = await self._known(order)

        async def send() -> None:
            entity = joined.cache.order(order_id)
            if entity is not None and entity.get("ordStatus") == "PendingCancel":
                return  # under way
            body = mapping.cancel(order_id, order.client_id)
            _must_name_command(await joined.rest.cancel(body, self._may_send))

        await self._command(order_id, send)

    async def _known(self, order: Order) -> tuple[Session, int]:
        """Raises Rejected for an order that is not there, NotSent without a connection or an answer."""
        joined = self._session
        if joined is None:
            raise NotSent(f"the account {self._account.name} at Tradovate is not connected")
        order_id = self._looking.known(order)
        if order_id is None:
            try:
                order_id = await self._looking.search(order)
            except Failure as failure:
                raise NotSent(f"the order's id at Tradovate: {failure.reason}") from None
        if order_id is None:
            raise Rejected("BROKER_REJECTED", f"order {order.client_id} is not known at Tradovate")
        return joined, order_id

    async def _command(self, order_id: int, send: Callable[[], Awaitable[None]]) -> None:
        """``send``, once no other command of the order is under way."""
        until = self._clock.monotonic() + self._settings.waits.pending
        while True:
            try:
                await send()
                return
            except Failure as failure:
                if not (isinstance(failure, Refused) and failure.kind == PENDING):
                    raise as_request(failure) from None
            if self._clock.monotonic() >= until:
                raise NotSent(f"another command of order {order_id} is under way")
            await self._settle(order_id)

    async def _settle(self, order_id: int) -> None:
        await asyncio.sleep(self._pause)
        try:
            await self._looking.order(order_id)
        except Failure as failure:
            raise NotSent(f"another command of order {order_id} is under way: {failure.reason}") from None

    @property
    def _pause(self) -> float:
        """Between two looks."""
        waits = self._settings.waits
        return waits.patience / max(waits.looks, 2)

    # --- asking -----------------------------------------------------------------------

    async def find(self, order: Order) -> VenueOrder | None:
        looks = 0
        while True:
            joined = self._for_query()
            if self._on_the_way[order.client_id]:
                raise QueryFailed(f"order {order.client_id} is on its way to Tradovate")
            try:
                found = await self._look(order)
            except Failure as failure:
                raise as_query(failure) from None
            except MALFORMED as error:
                raise QueryFailed(f"order {order.client_id} at Tradovate cannot be read: {error!r}") from None
            if found is not None:
                return found
            looks += 1
            since = self._ended.get(order.client_id, self._connected_at)
            patient = self._clock.monotonic() - since >= self._settings.waits.patience
            if looks >= max(self._settings.waits.looks, 2) and patient:
                if not joined.live:
                    raise QueryFailed(f"order {order.client_id} is not there, but the stream is not either")
                self._doubtful.discard(order.client_id)
                return None
            await asyncio.sleep(self._pause)

    async def _look(self, order: Order) -> VenueOrder | None:
        known = self._looking.known(order)
        if known is not None:
            try:
                return await self._found(known, order)
            except Absent:
                structlog.get_logger().warning("tradovate_order_absent", order=order.client_id, venue_id=known)
        order_id = await self._looking.search(order)
        return await self._found(order_id, order) if order_id not in (None, known) else None

    async def _found(self, order_id: int, order: Order) -> VenueOrder:
        """With what is under way settled, if that does not take long."""
        if order.symbol:
            self._contracts.name(order.symbol)
        for _ in range(max(self._settings.waits.looks, 2)):
            found = await self._looking.order(order_id)
            self._looking.own(order_id, order.client_id)
            if self._looking.is_settled(order_id):
                break
            await asyncio.sleep(self._pause)
        if found.status is Status.FILLED and sum(fill.quantity for fill in found.fills) < found.quantity:
            raise QueryFailed(f"order {order.client_id} is filled, but its fills are not all there yet")
        return found

    async def snapshot(self) -> Snapshot:
        self._for_query()
        try:
            return await self._looking.snapshot()
        except Failure as failure:
            raise as_query(failure) from None
        except MALFORMED as error:
            raise QueryFailed(f"the account at Tradovate cannot be read: {error!r}") from None

    def _for_query(self) -> Session:
        if self._session is None:
            raise QueryFailed(f"the account {self._account.name} at Tradovate is not connected")
        return self._session

    async def price_seen(self, quote: Quote) -> None:
        """Tradovate knows its prices."""


def _must_name_command(answer: Entity) -> None:
    if not isinstance(answer.get("commandId"), int):
        raise Lost("Tradovate answered without a command id")
