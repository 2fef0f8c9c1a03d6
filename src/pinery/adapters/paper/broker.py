"""The paper account as a broker: requests and prices go to the venue in batches, each one transaction of its book.

Everything that waits while a transaction is being written goes into the next one together (group commit), in the
order in which it came. Only the one thread that does the batches touches the venue and the book. What a request
returned for is in the book; reports come after that. After a failed write the venue is read from the book again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

import structlog

from pinery.adapters.paper.faults import Faults, RandomFaults
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.paper.venue import LastPrice, Venue
from pinery.core.errors import PineryError
from pinery.trading.broker import (
    Capabilities,
    Environment,
    Quote,
    Report,
    ReportKind,
    Snapshot,
    VenueOrder,
)
from pinery.trading.clock import Clock
from pinery.trading.contracts import Contract, Terms
from pinery.trading.deployments import Account
from pinery.trading.errors import BrokerError, LeaseLost, NotSent, OutcomeUnknown, QueryFailed, Rejected, StoreError
from pinery.trading.orders.model import Amendment, Order, Ticket
from pinery.trading.paper.book import BookConflict, PaperBook
from pinery.trading.prices import PriceFeed, Tick
from pinery.trading.reporting import ReportStream

T = TypeVar("T")

_TICKS_AHEAD = 256  # ticks that may wait for the book before the feed is held up
_BALANCE_EVERY = 1.0  # seconds, while a position is held

# Seconds before a feed that failed is asked again: doubled with each failure, until it has lasted for the longest one.
_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_PROOF = 5.0  # seconds after which a feed that is asked again counts as read where no price has come


@dataclass(slots=True, eq=False)
class _Work:
    """Something that waits for its turn. ``needs``: orders that it may be about, looked up if they are not open."""

    act: Callable[[Venue, int], Any]
    done: asyncio.Future[Any]
    query: bool = False  # answered from what is on disk
    needs: tuple[str, ...] = ()
    result: Any = None
    error: Exception | None = field(default=None)


class PaperBroker:
    """``instruments`` gives the contract of a symbol, or raises PineryError. ``prices``: without it, and for symbols
    that it does not cover, prices are those of the alerts."""

    def __init__(
        self,
        account: Account,
        settings: PaperSettings,
        book: PaperBook,
        clock: Clock,
        instruments: Callable[[str], Contract],
        prices: PriceFeed | None = None,
        faults: Faults | None = None,
    ) -> None:
        self._account = account
        self._settings = settings
        self._book = book
        self._clock = clock
        self._instruments = instruments
        self._prices = prices
        if faults is None and (settings.unreachable_share or settings.timeout_share):
            faults = RandomFaults(settings.seed, settings.unreachable_share, settings.timeout_share)
        self._faults = faults or Faults()
        self._venue: Venue | None = None
        self._last_prices: Mapping[str, LastPrice] = {}
        self._waiting: list[_Work] = []
        self._worker: asyncio.Task[None] | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._stream = ReportStream()
        self._on_the_way: Counter[str] = Counter()
        self._closed_because = "it is not connected"
        self._connected = False
        self._broken = False  # the feed of this connection has failed
        self._pause = 0.0  # seconds before the next connection
        self._balance_due = float("-inf")

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="paper",
            environment=Environment.PAPER,
            protection_with_entry=True,
            oco=True,
            reduce_only=True,
            reverse_in_one=True,
            trailing_stop=True,
            amend=True,
            market_data=self._prices is not None,
            nets=False,  # each deployment's position is its own
        )

    async def connect(self) -> None:
        """Raises BrokerError where the book or the feed cannot be read. After a feed that failed it waits a while."""
        if self._connected:
            return
        if self._thread is not None:
            await self._shut(self._closed_because)  # what a feed that ended has left
        if self._pause:
            await asyncio.sleep(self._pause)
        self._thread = ThreadPoolExecutor(1, f"paper-{self._account.name}")
        self._forget()
        self._connected, self._broken = True, False
        try:
            balance = await self._do(lambda venue, now: venue.balance(now), query=True)
            now = self._clock.now()
            self._stream.put([Report(ReportKind.CONNECTED, now), Report(ReportKind.BALANCE, now, balance=balance)])
            if self._prices is not None:
                await self._begin(self._prices)
        except BaseException:
            await self._shut(self._closed_because)
            raise

    async def _begin(self, prices: PriceFeed) -> None:
        """Resting orders meet what the market did meanwhile before anything new is asked for."""
        after = await self._do(lambda venue, _: venue.missed_since, query=True)
        caught_up = asyncio.Event()
        asked_again = self._pause > 0
        if not after and not asked_again:
            caught_up.set()
        self._feeding = asyncio.create_task(self._feed(prices, after, caught_up))
        with suppress(TimeoutError):
            async with asyncio.timeout(_PROOF if asked_again and not after else None):
                await caught_up.wait()
        if self._broken:  # not to be told as a connection that is lost at once
            raise BrokerError(self._closed_because)
        caught_up.set()

    async def close(self) -> None:
        """What was asked for before is finished."""
        await self._shut("it was closed")

    async def _shut(self, because: str) -> None:
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)
            self._feeding = None
        if self._prices is not None:
            await self._prices.close()
        self._connected = False
        self._closed_because = because
        await self._finish()
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None
        self._stream.close()
        self._stream = ReportStream()  # of the next connection

    def terms(self, symbol: str) -> Terms | None:
        return None

    async def learn_terms(self) -> None:
        """Paper takes what the facts of a contract say."""

    def reports(self) -> AsyncIterator[Report]:
        return self._stream.read()

    async def submit(self, ticket: Ticket) -> str:
        parents = tuple({order.parent for order in (ticket.order, *ticket.protection)} - {""})
        return await self._request(
            "submit", ticket.order.client_id, lambda venue, now: venue.submit(ticket, now), parents
        )

    async def amend(self, order: Order, amendment: Amendment) -> None:
        await self._request("amend", order.client_id, lambda venue, now: venue.amend(amendment, now))

    async def cancel(self, order: Order) -> None:
        await self._request("cancel", order.client_id, lambda venue, now: venue.cancel(order.client_id, now))

    async def find(self, order: Order) -> VenueOrder | None:
        await self._faults.query()
        if order.client_id in self._on_the_way:
            raise QueryFailed(f"order {order.client_id} is still on its way to the paper venue")
        return await self._do(partial(self._look_up, order.client_id), query=True)

    async def snapshot(self) -> Snapshot:
        await self._faults.query()
        return await self._do(lambda venue, now: venue.snapshot(now), query=True)

    async def price_seen(self, quote: Quote) -> None:
        """Without a feed this is the market: resting orders of the symbol are tested against it."""
        if self._covers(quote.symbol):
            return
        # By arrival: times of alerts are their senders', or of a clock that may have been put right.
        await self._do(lambda venue, now: venue.move(quote.symbol, quote.price, now, seen=quote.time))

    # --- requests ---------------------------------------------------------------------

    async def _request(
        self, what: str, client_id: str, act: Callable[[Venue, int], T], more: tuple[str, ...] = ()
    ) -> T:
        self._on_the_way[client_id] += 1
        try:
            await self._faults.before(what, client_id)
            if self._settings.latency_ms:
                await asyncio.sleep(self._settings.latency_ms / 1000)
            waits = self._queue(act, needs=(client_id, *more))
        finally:
            # From here on it is ahead of every query.
            self._on_the_way -= Counter((client_id,))
        result: T = await waits
        await self._faults.after(what, client_id)
        return result

    async def _do(self, act: Callable[[Venue, int], T], query: bool = False) -> T:
        result: T = await self._queue(act, query)
        return result

    def _queue(
        self, act: Callable[[Venue, int], Any], query: bool = False, needs: tuple[str, ...] = ()
    ) -> asyncio.Future[Any]:
        if not self._connected:
            text = f"the paper account {self._account.name} cannot be reached: {self._closed_because}"
            raise QueryFailed(text) if query else NotSent(text)
        work = _Work(act, asyncio.get_running_loop().create_future(), query, needs)
        self._waiting.append(work)
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())
        return work.done

    async def _run(self) -> None:
        """Batch after batch, while anything waits."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                reports = await loop.run_in_executor(self._thread, self._process, batch)
                self._stream.put(self._faults.reports(reports))
                for work in batch:
                    if work.done.cancelled():
                        continue
                    if work.error is not None:
                        work.done.set_exception(work.error)
                        work.done.exception()  # ticks have nobody who asks
                    else:
                        work.done.set_result(work.result)
        finally:
            self._worker = None

    async def _finish(self) -> None:
        """Wait for what was asked for; nothing more may be."""
        while self._worker is not None:
            await asyncio.wait([self._worker])

    # --- in the thread ----------------------------------------------------------------

    def _process(self, batch: list[_Work]) -> list[Report]:
        """One transaction. Never raises: errors are left in the work."""
        now = self._clock.now()
        writing = False
        try:
            venue = self._ready()
            venue.expire(now)
            venue.recall(self._book.orders({n for work in batch for n in work.needs if not venue.has(n)}))
            for work in batch:
                if not work.query:
                    try:
                        work.result = work.act(venue, now)
                    except Rejected as error:
                        work.error = error
            changes = venue.take_changes()
            if changes is not None:
                writing = True
                self._book.write(changes)
        except Exception as error:
            self._forget()
            for work in batch:
                work.error = _failure(error, writing, work.query)
            return []
        for work in batch:
            if work.query:
                try:
                    work.result = work.act(venue, now)
                except Exception as error:
                    work.error = _failure(error, False, True)
        reports = venue.take_reports()
        filled = changes is not None and changes.fills
        clock = self._clock.monotonic()
        if filled or (clock >= self._balance_due and not venue.is_flat):
            self._balance_due = clock + _BALANCE_EVERY
            reports.append(Report(ReportKind.BALANCE, now, balance=venue.balance(now)))
        return reports

    def _ready(self) -> Venue:
        if self._venue is None:
            state = self._book.load()
            if state is not None:  # a feed tells of what it was asked for: of what is held and rests, from the start
                for symbol in {*state.account.holdings, *(order.symbol for order in state.orders)}:
                    self._covers(symbol)
            self._venue = Venue(
                self._account,
                self._settings,
                self._instruments,
                self._covers,
                state,
                self._last_prices,
                self._faults.parts,
            )
        return self._venue

    def _forget(self) -> None:
        """But not the prices: they are not the book's."""
        if self._venue is not None:
            self._last_prices = self._venue.last
            self._venue = None

    def _look_up(self, client_id: str, venue: Venue, now: int) -> VenueOrder | None:
        found = self._book.orders([client_id]).get(client_id)
        return None if found is None else found.seen(self._book.fills(client_id))

    # --- prices -----------------------------------------------------------------------

    def _covers(self, symbol: str) -> bool:
        return self._prices is not None and self._prices.covers(symbol)

    async def _feed(self, prices: PriceFeed, after: int, caught_up: asyncio.Event) -> None:
        """Without prices the venue is closed: a market order that nothing fills must not look accepted."""
        reason = "the price feed has ended"
        ahead = 0
        began = self._clock.monotonic()
        heard: set[str] = set()
        try:
            async for tick in prices.ticks(after):
                if tick is None:
                    await self._do(lambda venue, now: None)  # behind all that was missed
                    caught_up.set()
                    continue
                if not after:
                    caught_up.set()
                    if tick.symbol not in heard:  # of the way there from the last price known nobody has told
                        heard.add(tick.symbol)
                        tick = replace(tick, jumps=True)
                if self._pause and self._clock.monotonic() - began >= _LONGEST_PAUSE:
                    self._pause = 0.0
                done = self._queue(partial(_move, tick, caught_up.is_set()))
                ahead += 1
                if ahead >= _TICKS_AHEAD:
                    await asyncio.wait([done])
                    ahead = 0
        except PineryError as error:
            self._broken = True
            reason = f"the price feed failed: {error.message}"
        except Exception as error:  # a fault of ours must not leave resting orders without prices unnoticed
            self._broken = True
            structlog.get_logger().exception("price_feed_failed", account=self._account.name)
            reason = f"the price feed failed: internal error: {type(error).__name__}"
        finally:
            caught_up.set()
        self._connected = False
        self._closed_because = reason
        self._stream.put([Report(ReportKind.DISCONNECTED, self._clock.now(), reason=reason)])
        if self._broken:
            self._pause = min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, 2 * self._pause))
            await self._finish()
            self._stream.close()  # whoever reads it connects again


def _move(tick: Tick, quoted: bool, venue: Venue, now: int) -> None:
    venue.move(tick.symbol, tick.price, now, tick.jumps, seen=tick.time)
    venue.met(tick.market)
    if quoted:
        venue.say_quote(tick.symbol, now)


def _failure(error: Exception, writing: bool, query: bool) -> Exception:
    """What a failed transaction means for whoever asked."""
    text = f"the paper account's book: {error}"
    if query:
        failure: BrokerError = QueryFailed(text)
    elif isinstance(error, LeaseLost):
        return error
    elif writing and not isinstance(error, BookConflict):
        failure = OutcomeUnknown(text)
    else:
        failure = NotSent(text)
    if not isinstance(error, StoreError):
        failure.__cause__ = error  # a bug of ours: not without its traceback
    return failure
