"""Binance USDⓈ-M Futures as a broker: one account, one-way mode.

What the desk does because Binance does not: protection goes out with the entry's first fill, siblings are canceled by
us, and stops trail by being replaced. Binance's own trailing stop follows at a share of the price in steps of 0.1 %,
which holds no distance exactly, so it is not used. A stop is replaced by placing the new one first: a position is never
without one, and both only reduce.

A request is sent once. Where nobody knows what became of it, the order is asked for by its client id, and counts as
never arrived only when Binance still knows nothing of it after ``patience``: a request that old is refused on arrival.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from pinery.adapters.binance.conditionals import Conditionals
from pinery.adapters.binance.errors import MALFORMED, MODE_BLOCKED, NO_SUCH_SYMBOL, SAME_POSITION_MODE, Failure
from pinery.adapters.binance.events import Events
from pinery.adapters.binance.instruments import Instruments, venue_name
from pinery.adapters.binance.looking import Looking
from pinery.adapters.binance.mapping import algo_view, balance_of, base_of, number, order_view, position_view
from pinery.adapters.binance.memory import Memory
from pinery.adapters.binance.quotes import Quotes
from pinery.adapters.binance.rest import Json, Rest
from pinery.adapters.binance.sending import Sending
from pinery.adapters.binance.settings import BinanceSettings, guard
from pinery.adapters.binance.symbol_terms import SymbolTerms
from pinery.adapters.binance.user_stream import UserStream
from pinery.adapters.common.last_look import MaySend, always
from pinery.trading.broker import Capabilities, Quote, Report, ReportKind, Snapshot, VenueOrder
from pinery.trading.clock import Clock
from pinery.trading.contracts import Terms
from pinery.trading.deployments import Account
from pinery.trading.ending import to_its_end, together
from pinery.trading.errors import BrokerError, NotSent, QueryFailed, Rejected
from pinery.trading.orders.model import Amendment, Order, Ticket
from pinery.trading.reporting import ReportStream

#: How often a snapshot is read because something happened while it was read.
_SNAPSHOTS = 3

#: Questions about orders of all symbols weigh as much as those about this many symbols one by one.
_MANY_SYMBOLS = 40


@dataclass(slots=True)
class _Connection:
    rest: Rest
    instruments: Instruments
    memory: Memory
    conditionals: Conditionals
    events: Events
    looking: Looking
    sending: Sending
    terms: SymbolTerms
    stream: UserStream
    quotes: Quotes
    symbols: set[str] = field(default_factory=set)  # Binance's names of those that orders or positions were seen in
    looked_everywhere: float = float("-inf")  # monotonic


class BinanceBroker:
    """``may_send``: whether the account is still ours."""

    def __init__(self, account: Account, settings: BinanceSettings, clock: Clock, may_send: MaySend = always) -> None:
        self._account = account
        self._may_send = may_send
        self._settings = settings
        self._clock = clock
        self._instruments: Instruments | None = None  # as last read, connected or not
        self._reports = ReportStream()
        self._open: _Connection | None = None
        self._happened = 0  # events of the user stream so far
        self._keeping: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._money_moved = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="binance",
            environment=self._settings.environment,
            protection_with_entry=False,
            oco=False,
            reduce_only=True,
            reverse_in_one=True,
            trailing_stop=False,
            amend=True,
            market_data=True,
        )

    # --- the connection ---------------------------------------------------------------

    async def connect(self) -> None:
        if self._open is not None:
            return
        guard(self._settings)
        try:
            rest = Rest(self._settings, self._clock, self._may_send)
        except ValueError as error:
            raise BrokerError(f"the API secret {error}") from None
        rest.limits.alarm = self._alarm
        quotes = Quotes(self._settings, self._clock, self._quote)
        try:
            await rest.sync_time()
            self._instruments = Instruments(await rest.exchange_info())
            connection = self._connection(rest, quotes, self._instruments)
            await self._one_way(rest)
            await connection.stream.start()
        except BaseException as error:
            await to_its_end(_close(quotes, rest))
            if isinstance(error, Failure | OSError):
                text = error.reason if isinstance(error, Failure) else str(error)
                raise BrokerError(f"account {self._account.name}: {text}") from None
            raise
        self._open = connection
        self._say(Report(ReportKind.CONNECTED, self._clock.now()))
        self._money_moved.set()
        self._keeping = asyncio.create_task(self._keep_up(rest, connection.instruments))
        self._counting = asyncio.create_task(self._count_money(rest))
        await self._set_up(connection)

    def _connection(self, rest: Rest, quotes: Quotes, instruments: Instruments) -> _Connection:
        settings, memory, conditionals = self._settings, Memory(self._clock), Conditionals()
        stream = UserStream(rest, settings, self._clock, self._take, self._lost, self._back)
        looking = Looking(rest, settings, self._clock, conditionals, memory)
        terms = SymbolTerms(rest, settings, instruments)

        def expect(client_id: str, began: float) -> None:
            if memory.heard.get(client_id, float("-inf")) < began:  # events may be ahead of the answer
                stream.expect(client_id)

        sending = Sending(rest, settings, instruments, terms, memory, conditionals, looking, expect)
        events = Events(conditionals, memory.quantities)
        return _Connection(rest, instruments, memory, conditionals, events, looking, sending, terms, stream, quotes)

    async def _one_way(self, rest: Rest) -> None:
        try:
            await rest.set_position_mode(hedge=False)
        except Failure as failure:
            if failure.code == SAME_POSITION_MODE:
                return
            if failure.code in MODE_BLOCKED:
                text = (
                    f"account {self._account.name} is in hedge mode, and Pinery needs one-way mode: {failure.reason}; "
                    "close its positions and orders, or change the position mode at Binance"
                )
                raise BrokerError(text) from None
            raise

    async def _set_up(self, connection: _Connection) -> None:
        """Symbols that settings name are looked at now, so that a mistake shows before the first signal."""
        for symbol in self._settings.leverages:
            try:
                await connection.terms.ready(symbol)
            except (Rejected, NotSent) as error:
                structlog.get_logger().warning("binance_symbol_not_ready", symbol=symbol, reason=error.message)

    def terms(self, symbol: str) -> Terms | None:
        return self._instruments.terms(symbol) if self._instruments is not None else None

    async def learn_terms(self) -> None:
        guard(self._settings)
        try:
            rest = Rest(replace(self._settings, read_attempts=1), self._clock)
        except ValueError as error:
            raise BrokerError(f"the API secret {error}") from None
        try:
            self._instruments = Instruments(await rest.exchange_info())
        except Failure as failure:
            raise failure.as_query() from None
        finally:
            await to_its_end(rest.close())

    async def close(self) -> None:
        connection, self._open = self._open, None
        tasks = [task for task in (self._keeping, self._counting) if task is not None]
        self._keeping = self._counting = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if connection is not None:
            await connection.stream.stop()
            await connection.sending.close()
            await connection.quotes.close()
            await connection.rest.close()
        self._reports.close()
        self._reports = ReportStream()  # of the next connection

    def reports(self) -> AsyncIterator[Report]:
        return self._reports.read()

    # --- requests ---------------------------------------------------------------------

    async def submit(self, ticket: Ticket) -> str:
        connection = self._to_send()
        if ticket.protection:
            raise Rejected("BROKER_REJECTED", "Binance takes no protection with an entry: it is sent after the fill")
        name = venue_name(ticket.order.symbol)
        if connection.instruments.has(name):
            connection.symbols.add(name)  # whatever becomes of it, snapshots look there
        venue_id = await connection.sending.submit(ticket.order)
        connection.quotes.follow(name)
        return venue_id

    async def amend(self, order: Order, amendment: Amendment) -> None:
        await self._to_send().sending.amend(order, amendment)

    async def cancel(self, order: Order) -> None:
        await self._to_send().sending.cancel(order)

    async def find(self, order: Order) -> VenueOrder | None:
        connection = self._to_ask()
        memory = connection.memory
        if memory.is_on_the_way(order.client_id):
            raise QueryFailed(f"a request about order {order.client_id} is still on its way to Binance")
        found = await connection.looking.certain(order)
        if found is None:
            memory.unknown.pop(order.client_id, None)
        else:
            memory.accept(order.client_id, found.venue_id)
            connection.sending.tidy(order.client_id)
        return found

    async def snapshot(self) -> Snapshot:
        connection = self._to_ask()
        try:
            for _ in range(_SNAPSHOTS):
                happened = self._happened
                snapshot = await self._read(connection)
                if happened == self._happened:
                    break
        except Failure as failure:
            if failure.code == NO_SUCH_SYMBOL:  # it is no longer listed
                connection.symbols.clear()
                connection.looked_everywhere = float("-inf")
            raise failure.as_query() from None
        return snapshot

    async def price_seen(self, quote: Quote) -> None:
        """Binance has prices of its own."""

    async def _read(self, connection: _Connection) -> Snapshot:
        now, rest = self._clock.now(), connection.rest
        positions, account, (algos, orders) = await together(
            rest.positions(), rest.account(), self._open_orders(connection)
        )
        connection.conditionals.learn(algos)
        connection.symbols |= {str(row["symbol"]) for row in (*positions, *algos, *orders)}
        held = [position_view(row) for row in positions if number(row["positionAmt"])]
        views = self._views(connection, algos, orders)
        for symbol in {*(view.symbol for view in views), *(position.symbol for position in held)}:
            connection.quotes.follow(_name(symbol))
        return Snapshot(now, tuple(views), tuple(held), balance_of(account, self._account.currency, now))

    async def _open_orders(self, connection: _Connection) -> tuple[list[Json], list[Json]]:
        """Conditional ones, and those of the book.

        All of the account's at first and now and then; else only in symbols that ours, or anybody's, were seen in: a
        question about all symbols weighs forty times as much, and a desk that looks for an order asks every second.
        """
        rest, now = connection.rest, self._clock.monotonic()
        names = sorted(connection.symbols)
        everywhere = now - connection.looked_everywhere >= self._settings.everywhere_every
        if everywhere or len(names) >= _MANY_SYMBOLS:
            algos, orders = await together(rest.open_algos(), rest.open_orders())
            connection.looked_everywhere = now
            return algos, orders
        found = await together(*(rest.open_algos(name) for name in names), *(rest.open_orders(name) for name in names))
        half = len(names)
        return [row for rows in found[:half] for row in rows], [row for rows in found[half:] for row in rows]

    def _views(self, connection: _Connection, algos: list[Json], orders: list[Json]) -> list[VenueOrder]:
        """Each order once: of several revisions the newest, of a conditional order and what came of it the latter."""
        found: dict[str, VenueOrder] = {}
        for row in sorted(algos, key=lambda row: base_of(str(row["clientAlgoId"]))[1]):
            view = algo_view(row)
            if not view.status.is_final:
                if not connection.conditionals.gives_way(str(row["clientAlgoId"])):
                    found[view.client_id or view.venue_id] = view
                connection.sending.tidy(view.client_id)
            if connection.conditionals.is_triggering(str(row["clientAlgoId"])):
                connection.sending.see_through(str(row["clientAlgoId"]))
        for row in orders:
            owner = connection.conditionals.owner(str(row["orderId"]))
            view = order_view(row, client_id=base_of(owner)[0])
            found[view.client_id or view.venue_id] = view
        return list(found.values())

    def _to_send(self) -> _Connection:
        if self._open is None:
            raise NotSent(f"account {self._account.name} is not connected to Binance")
        return self._open

    def _to_ask(self) -> _Connection:
        if self._open is None:
            raise QueryFailed(f"account {self._account.name} is not connected to Binance")
        return self._open

    # --- what Binance says ------------------------------------------------------------

    def _take(self, message: dict[str, Any]) -> None:
        connection = self._open
        if connection is None:  # the stream is up before the rest; the comparison that follows sees all of that
            return
        self._happened += 1
        try:
            if "o" in message:
                connection.symbols.add(str(message["o"]["s"]))
            heard = connection.events.take(message)
        except MALFORMED:
            structlog.get_logger().exception("binance_event_unreadable", event_kind=str(message.get("e")))
            self._say(Report(ReportKind.CONNECTED, self._clock.now()))  # what it was, the comparison tells
            return
        for each in heard:
            if each.about:
                connection.stream.heard(each.about)
                if each.unfinished:
                    connection.stream.expect(each.about)
                connection.memory.hear(each.about)
            for report in each.reports:
                self._say(report)
            if each.alarm:
                self._alarm(each.alarm)
            if each.triggering:
                connection.sending.see_through(each.triggering)
            if each.superfluous:
                connection.sending.tidy(each.superfluous)
            if each.compare:
                self._say(Report(ReportKind.CONNECTED, self._clock.now(), reason="Binance traded for the account"))
            if each.money:
                self._money_moved.set()

    def _alarm(self, text: str) -> None:
        structlog.get_logger().error("binance_alarm", account=self._account.name, reason=text)
        self._say(Report(ReportKind.ALARM, self._clock.now(), reason=text))

    def _lost(self, reason: str) -> None:
        self._say(Report(ReportKind.DISCONNECTED, self._clock.now(), reason=reason))

    def _back(self) -> None:
        self._say(Report(ReportKind.CONNECTED, self._clock.now()))
        self._money_moved.set()

    def _quote(self, quote: Quote) -> None:
        self._say(Report(ReportKind.QUOTE, quote.time, quote=quote))

    def _say(self, report: Report) -> None:
        self._reports.put([report])

    # --- by the way -------------------------------------------------------------------

    async def _keep_up(self, rest: Rest, instruments: Instruments) -> None:
        """With Binance's clock, and with its rules, which it changes while contracts trade."""
        while True:
            await asyncio.sleep(self._settings.clock_every)
            try:
                await rest.sync_time()
                instruments.learn(await rest.exchange_info())
            except (Failure, *MALFORMED) as error:
                structlog.get_logger().warning("binance_time_not_read", reason=_words(error))

    async def _count_money(self, rest: Rest) -> None:
        """The balance after each event that moved it, at most once in ``balance_every``; now and then while margin is
        used, for open profit moves without events."""
        settings, held = self._settings, False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.equity_every if held else None):
                    await self._money_moved.wait()
            self._money_moved.clear()
            pause = settings.balance_every
            try:
                now = self._clock.now()
                balance = balance_of(await rest.account(), self._account.currency, now)
                held = balance.margin_used > 0
                self._say(Report(ReportKind.BALANCE, now, balance=balance))
            except (Failure, *MALFORMED) as error:
                structlog.get_logger().warning("binance_balance_not_read", reason=_words(error))
                self._money_moved.set()
                asked = error.retry_after if isinstance(error, Failure) else None
                pause = max(settings.equity_every, asked or 0.0)
            await asyncio.sleep(pause)


def _words(error: Exception) -> str:
    return error.reason if isinstance(error, Failure) else f"an answer that cannot be read: {error!r}"


def _name(symbol: str) -> str:
    """As streams call it; dated contracts of others have no ``.P``."""
    return symbol.rpartition(":")[2].removesuffix(".P")


async def _close(quotes: Quotes, rest: Rest) -> None:
    await quotes.close()
    await rest.close()
