"""A worker: takes accounts by lease, runs a desk for each, keeps the leases, wakes the desks, sends notifications.

Any number of workers may run on one PostgreSQL. An account whose worker died is taken over by another: at once on the
same machine, after the lease's end elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pinery.app.up.directory import ConfiguredDirectory
from pinery.core.errors import PineryError
from pinery.trading.broker import Broker
from pinery.trading.clock import Clock
from pinery.trading.deployments import Account
from pinery.trading.desk.desk import Desk, Pace
from pinery.trading.desk.sending import Observe
from pinery.trading.errors import LeaseLost, StoreError
from pinery.trading.store import Lease, StateRow, Store, Tx

LEASE_MS = 6_000
_LOOK = 0.5  # seconds between looks at leases
_POLL = 0.003  # seconds between looks at the store; the time that a signal may wait for its desk
_POLL_IDLE = 0.02
_IDLE_AFTER = 5.0


@dataclass(slots=True)
class _Held:
    """An account that is this worker's. ``ending``: its desk comes to its end, and the lease is kept until then."""

    lease: Lease
    desk: Desk
    task: asyncio.Task[None]
    stop: asyncio.Event
    configured: object
    ending: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Worker:
    """``make_broker(account, guard, may_send)``: ``guard`` raises LeaseLost inside a transaction unless the lease
    holds; ``may_send`` says whether it holds by the clock."""

    store: Store
    owner: str
    directory: ConfiguredDirectory
    make_broker: Callable[[Account, Callable[[Tx], None], Callable[[], bool]], Broker]
    clock: Clock
    observe: Observe
    log: Any
    pace: Callable[[], Pace] = Pace
    _held: dict[str, _Held] = field(default_factory=dict)
    _states: dict[str, StateRow] = field(default_factory=dict)

    async def run(self, stopping: asyncio.Event) -> None:
        polling = asyncio.create_task(self._poll(stopping))
        try:
            while not stopping.is_set():
                try:
                    await self._look()
                except StoreError as error:
                    self.log.error("store_failed", error=error.message, hint=error.hint)
                await _sleep(_LOOK, stopping)
        finally:
            polling.cancel()
            await asyncio.gather(polling, *map(self._end, self._held), return_exceptions=True)

    async def _poll(self, stopping: asyncio.Event) -> None:
        """Wake the desks when another process has stored something."""
        seen: object = None
        active, unread = self.clock.monotonic(), False
        while not stopping.is_set():
            try:
                token = self.store.changed(seen)
            except StoreError:
                token = object()  # the desks find out
            now = self.clock.monotonic()
            if token != seen:
                seen, active, unread = token, now, True
            # What is stored while a desk is at work it finds by itself; asking for each change costs more than working.
            if unread and not all(held.desk.is_at_work for held in self._held.values()):
                unread = False
                await self._wake()
            await asyncio.sleep(_POLL if now - active < _IDLE_AFTER else _POLL_IDLE)

    async def _wake(self) -> None:
        """Those desks that have something to do: a transaction that finds nothing keeps others from writing, too."""
        try:
            messages, commands, states = await asyncio.to_thread(self.store.read, _what_waits)
        except StoreError:
            return  # the next change is told again, and the desks look by themselves every second
        for name, held in self._held.items():
            if name in commands or states != self._states:
                held.desk.wake()
            elif messages:
                held.desk.wake(messages & self.directory.deployments(name).keys())
        self._states = states

    # --- leases -----------------------------------------------------------------------

    async def _look(self) -> None:
        accounts = self.directory.accounts()
        for name, held in self._held.items():
            if held.task.done() or self.directory.configured(name) != held.configured:
                self._end(name)
        names = [name for name in accounts if name not in self._held]
        mine = {name: held.lease for name, held in self._held.items()}
        leases, taken = await asyncio.to_thread(self.store.write, lambda tx: self._keep(tx, mine, names))
        for name, held in self._held.items():
            if name in leases:
                held.lease = leases[name]
            elif held.ending is None:
                self.log.warning("lease_lost", account=name)
                self._end(name)
        for name, lease in taken.items():
            self._take(accounts[name], lease)

    def _keep(self, tx: Tx, mine: dict[str, Lease], names: list[str]) -> tuple[dict[str, Lease], dict[str, Lease]]:
        """Renew what is ours, take what is free. Runs in a thread."""
        now = self.clock.now()
        leases, taken = {}, {}
        for name, lease in mine.items():
            try:
                leases[name] = tx.leases.renew(lease, now, LEASE_MS)
            except LeaseLost:
                continue
        for name in names:
            found = tx.leases.acquire(f"account:{name}", self.owner, now, LEASE_MS)
            if found is not None:
                taken[name] = found
        return leases, taken

    def _take(self, account: Account, lease: Lease) -> None:
        name, configured = account.name, self.directory.configured(account.name)
        held: _Held | None = None

        def lease_now() -> Lease:
            return held.lease if held is not None else lease

        try:
            broker = self.make_broker(
                account, lambda tx: tx.leases.check(lease_now()), lambda: self.clock.now() < lease_now().expires
            )
        except PineryError as error:
            self.log.error("account_not_started", account=name, error=error.message, hint=error.hint)
            return
        desk = Desk(
            account,
            broker,
            self.store,
            lease_now,
            self.directory,
            self.clock,
            self.observe,
            self.log.bind(account=name),
            self.pace(),
        )
        stop = asyncio.Event()
        held = self._held[name] = _Held(lease, desk, asyncio.create_task(self._work(desk, stop)), stop, configured)
        self.log.info("account_taken", account=name, epoch=lease.epoch)

    async def _work(self, desk: Desk, stop: asyncio.Event) -> None:
        try:
            await desk.run(stop)
        except LeaseLost:
            self.log.warning("lease_lost", account=desk.account.name)
        except Exception:
            # A fault of ours: the desk starts again from what is on disk.
            self.log.exception("desk_failed", account=desk.account.name)
            await asyncio.sleep(1.0)

    def _end(self, name: str) -> asyncio.Task[None]:
        """Beside everything else: a broker that is slow to say good-bye keeps no other account from its lease."""
        held = self._held[name]
        if held.ending is None:
            held.ending = asyncio.create_task(self._let_go(name, held))
        return held.ending

    async def _let_go(self, name: str, held: _Held) -> None:
        held.stop.set()
        held.desk.wake()
        try:
            await asyncio.gather(held.task, return_exceptions=True)
            with suppress(StoreError):  # then it ends by itself
                await asyncio.to_thread(self.store.write, lambda tx: tx.leases.release(held.lease))
        finally:
            del self._held[name]


def _what_waits(tx: Tx) -> tuple[set[str], set[str], dict[str, StateRow]]:
    return tx.inbox.waiting(), tx.commands.waiting(), tx.states.all()


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
