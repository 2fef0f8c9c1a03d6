"""A worker and the leases of its accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.paper.broker import PaperBroker
from pinery.adapters.paper.settings import PaperSettings
from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.paper_book import SqlPaperBook
from pinery.app.up.worker import LEASE_MS, Worker
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account
from pinery.trading.store import Tx
from tests.trading.desk.harness import Clock, Directory, Log, store_in

ACCOUNTS = {name: Account(name, "paper", Environment.PAPER, "USD") for name in ("slow", "quick")}


class _Configured(Directory):
    """``version`` of an account's settings: another one is a reload."""

    def __init__(self) -> None:
        super().__init__((), ACCOUNTS["slow"])
        self.version = dict.fromkeys(ACCOUNTS, 1)

    def accounts(self) -> Mapping[str, Account]:
        return ACCOUNTS

    def configured(self, account: str) -> object:
        return self.version[account]


class _Brokers:
    """Those of the account "slow" are closed only when ``may_close`` says so."""

    def __init__(self, store: SqlStore, clock: Clock, directory: Directory) -> None:
        self._store, self._clock, self._directory = store, clock, directory
        self.made: list[str] = []
        self.closing: list[str] = []
        self.may_send: dict[str, Callable[[], bool]] = {}
        self.may_close = asyncio.Event()

    def make(self, account: Account, guard: Callable[[Tx], None], may_send: Callable[[], bool]) -> PaperBroker:
        brokers = self

        class Broker(PaperBroker):
            async def close(self) -> None:
                brokers.closing.append(account.name)
                if account.name == "slow":
                    await brokers.may_close.wait()
                await super().close()

        self.made.append(account.name)
        self.may_send[account.name] = may_send
        book = SqlPaperBook(self._store, account.name, guard)
        return Broker(account, PaperSettings(), book, self._clock, self._directory.contract)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with store_in(tmp_path) as store:
        yield store


@asynccontextmanager
async def working(store: SqlStore) -> AsyncIterator[tuple[Worker, _Configured, _Brokers, asyncio.Event]]:
    clock, directory, stopping = Clock(), _Configured(), asyncio.Event()
    brokers = _Brokers(store, clock, directory)
    worker = Worker(store, "one", directory, brokers.make, clock, lambda *_: None, Log())  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run(stopping))
    try:
        yield worker, directory, brokers, stopping
    finally:
        brokers.may_close.set()
        stopping.set()
        await task


async def until(what: str, true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.01)


def leases(store: SqlStore) -> dict[str, tuple[str, int]]:
    """Account -> who has it, and until when."""
    rows = store.read(lambda tx: tx.connection.execute(sa.select(t.leases)).all())
    return {row.name.removeprefix("account:"): (row.owner, row.expires) for row in rows}


def test_an_account_that_is_slow_to_end_keeps_its_lease_until_then_and_no_other_from_its_own(store: SqlStore) -> None:
    async def scenario() -> None:
        async with working(store) as (worker, directory, brokers, _):
            await until("taken", lambda: len(worker._held) == 2)
            desk = worker._held["slow"].desk
            directory.version["slow"] = 2
            await until("on its way out", lambda: brokers.closing == ["slow"])
            before = leases(store)
            for name in ACCOUNTS:
                await until(f"{name} renewed", lambda: leases(store)[name][1] > before[name][1])  # noqa: B023
            assert {owner for owner, _ in leases(store).values()} == {"one"}
            assert sorted(brokers.made) == ["quick", "slow"]
            brokers.may_close.set()
            await until("taken again", lambda: sorted(brokers.made) == ["quick", "slow", "slow"])
            # What it was about to send when it ended was in time.
            assert desk.lease().expires > before["slow"][1]

    asyncio.run(scenario())


def test_accounts_end_side_by_side(store: SqlStore) -> None:
    async def scenario() -> None:
        async with working(store) as (worker, _, brokers, stopping):
            await until("taken", lambda: len(worker._held) == 2)
            stopping.set()
            await until("both on their way out", lambda: sorted(brokers.closing) == ["quick", "slow"])
            await until("free for others", lambda: leases(store)["quick"][0] == "")
            assert leases(store)["slow"][0] == "one"

    asyncio.run(scenario())


def test_a_broker_may_send_while_the_lease_holds_by_the_clock(store: SqlStore) -> None:
    async def scenario() -> None:
        async with working(store) as (worker, _, brokers, _):
            await until("taken", lambda: len(worker._held) == 2)
            may_send, lease = brokers.may_send["quick"], worker._held["quick"].lease
            assert may_send()
            worker.clock.advance(LEASE_MS / 1000)  # type: ignore[attr-defined]
            assert not may_send()  # as after a stop: nothing has been renewed yet
            await until("renewed", lambda: worker._held["quick"].lease.expires > lease.expires)
            assert may_send()

    asyncio.run(scenario())
