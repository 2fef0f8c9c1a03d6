"""The paper account's book: durable, one writer, and what a failing one means for whoever asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.memory_book import MemoryBook
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.adapters.store.transaction import SqlTx
from pinery.trading.errors import LeaseLost, NotSent, OutcomeUnknown, QueryFailed, Rejected, StoreError
from pinery.trading.orders.model import Role, Status, Ticket
from pinery.trading.paper.book import BookConflict, Changes, PaperBook
from pinery.trading.paper.records import PaperAccount, PaperOrder
from tests.adapters.conformance.harness import Maker
from tests.adapters.paper.harness import ACCOUNT, PaperHarness, SetClock, contract, settings
from tests.stores import KINDS, store_of

Reopen = Callable[[], PaperBook]


@pytest.fixture(params=["memory", *KINDS])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    with ExitStack() as stack:
        if request.param == "memory":
            book = MemoryBook()
            yield lambda: book
        else:
            store = stack.enter_context(store_of(request.param, tmp_path))
            yield lambda: SqlPaperBook(store, "test")


@pytest.fixture
def make() -> Maker:
    return Maker(PaperHarness(MemoryBook, feed=False))


def paper(book: PaperBook) -> PaperBroker:
    return PaperBroker(ACCOUNT, settings(), book, SetClock(), contract)


def run(*brokers: PaperBroker, scenario: Callable[..., Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        for broker in brokers:
            await broker.connect()
        try:
            await scenario(*brokers)
        finally:
            for broker in brokers:
                await broker.close()

    asyncio.run(all_of_it())


def test_everything_comes_back(reopen: Reopen, make: Maker) -> None:
    ticket = make.bracket(make.buy(), Decimal("1950.5"), None)
    refused = make.sell(role=Role.EXIT, deployment="another")

    async def fill(broker: PaperBroker) -> None:
        await broker.submit(ticket)
        with pytest.raises(Rejected):
            await broker.submit(Ticket(refused))

    run(paper(reopen()), scenario=fill)
    book = reopen()
    stored = book.orders([ticket.order.client_id, refused.client_id, "pn-none-e0"])
    assert set(stored) == {ticket.order.client_id, refused.client_id}
    order = stored[ticket.order.client_id]
    (fill_,) = book.fills(ticket.order.client_id)
    assert (order.filled, order.status, fill_.quantity) == (ticket.order.quantity, Status.FILLED, order.quantity)
    assert stored[refused.client_id].status is Status.REJECTED
    state = book.load()
    assert state is not None and state.account.holdings[ticket.order.symbol].quantity == order.quantity
    stop = ticket.protection[0].client_id
    assert {each.client_id: each.stop_price for each in state.orders} == {
        ticket.order.client_id: None, stop: Decimal("1950.5")
    }  # fmt: skip


def test_a_stale_writer_is_refused_and_reads_again(reopen: Reopen, make: Maker) -> None:
    async def scenario(first: PaperBroker, second: PaperBroker) -> None:
        await first.submit(Ticket(make.buy()))
        order = make.buy()
        with pytest.raises(NotSent, match="written by somebody else"):
            await second.submit(Ticket(order))
        assert await second.find(order) is None
        await second.submit(Ticket(order))
        with pytest.raises(NotSent):
            await first.submit(Ticket(make.buy()))
        assert (await first.snapshot()).positions[0].quantity == 2 * order.quantity

    run(paper(reopen()), paper(reopen()), scenario=scenario)


def test_a_new_account_is_made_once(reopen: Reopen) -> None:
    changes = Changes(0, PaperAccount(settings().balance, 1), (), (), ())
    reopen().write(changes)
    with pytest.raises(BookConflict):
        reopen().write(changes)


@pytest.mark.parametrize("kind", KINDS)
def test_who_lost_the_lease_cannot_write(kind: str, tmp_path: Path, make: Maker) -> None:
    with store_of(kind, tmp_path) as store:
        lease = store.write(lambda tx: tx.leases.acquire("account:test", "me", 0, 1000))
        assert lease is not None

        def guard(tx: SqlTx) -> None:
            tx.leases.check(lease)

        async def scenario(broker: PaperBroker) -> None:
            await broker.submit(Ticket(make.buy()))
            assert store.write(lambda tx: tx.leases.acquire("account:test", "other/x", 10_000, 1000)) is not None
            order = make.buy()
            with pytest.raises(LeaseLost):
                await broker.submit(Ticket(order))
            assert await broker.find(order) is None

        run(paper(SqlPaperBook(store, "test", guard)), scenario=scenario)


class FailingBook(MemoryBook):
    """A disk that is full, or a connection that breaks in the moment of the commit."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.breaks_after_commit = False
        self.unreadable = False

    def write(self, changes: Changes) -> None:
        if self.full:
            raise StoreError("the disk is full")
        super().write(changes)
        if self.breaks_after_commit:
            raise StoreError("the connection broke")

    def orders(self, client_ids: Iterable[str]) -> dict[str, PaperOrder]:
        if self.unreadable:
            raise StoreError("the disk cannot be read")
        return super().orders(client_ids)


def test_a_failed_write_is_an_unknown_outcome_that_find_resolves(make: Maker) -> None:
    book = FailingBook()

    async def scenario(broker: PaperBroker) -> None:
        lost, done = make.buy(), make.buy()
        book.full = True
        with pytest.raises(OutcomeUnknown, match="the disk is full"):
            await broker.submit(Ticket(lost))
        assert await broker.find(lost) is None
        book.full, book.breaks_after_commit = False, True
        with pytest.raises(OutcomeUnknown):
            await broker.submit(Ticket(done))
        book.breaks_after_commit = False
        found = await broker.find(done)
        assert found is not None and found.status is Status.FILLED
        assert (await broker.snapshot()).positions[0].quantity == done.quantity

    run(paper(book), scenario=scenario)


def test_an_unreadable_book_is_not_an_empty_one(make: Maker) -> None:
    book = FailingBook()

    async def scenario(broker: PaperBroker) -> None:
        order = make.buy()
        book.unreadable = True
        with pytest.raises(NotSent):
            await broker.submit(Ticket(order))
        with pytest.raises(QueryFailed):
            await broker.find(order)

    run(paper(book), scenario=scenario)
