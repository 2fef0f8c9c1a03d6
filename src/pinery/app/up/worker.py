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
    """An account that is this worker's."""

    lease: Lease
    desk: Desk
    task: asyncio.Task[None]
    stop: asyncio.Event
    configured: Account


@dataclass(slots=True)
class Worker:
    """``make_broker(account, guard)``: ``guard`` raises LeaseLost inside a transaction unless the lease holds."""

    store: Store
    owner: str
    directory: ConfiguredDirectory
    make_broker: Callable[[Account, Callable[[Tx], None]], Broker]
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
            await asyncio.gather(polling, return_exceptions=True)
            for name in list(self._held):
                await self._let_go(name)

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
        for name, held in list(self._held.items()):
            if held.task.done() or accounts.get(name) != held.configured:
                await self._let_go(name)
        names = [name for name in accounts if name not in self._held]
        leases, taken = await asyncio.to_thread(self.store.write, lambda tx: self._keep(tx, names))
        for name, held in list(self._held.items()):
            if name in leases:
                held.lease = leases[name]
            else:
                self.log.warning("lease_lost", account=name)
                await self._let_go(name)
        for name, lease in taken.items():
            self._take(accounts[name], lease)

    def _keep(self, tx: Tx, names: list[str]) -> tuple[dict[str, Lease], dict[str, Lease]]:
        """Renew what is ours, take what is free."""
        now = self.clock.now()
        leases, taken = {}, {}
        for name, held in self._held.items():
            try:
                leases[name] = tx.leases.renew(held.lease, now, LEASE_MS)
            except LeaseLost:
                continue
        for name in names:
            lease = tx.leases.acquire(f"account:{name}", self.owner, now, LEASE_MS)
            if lease is not None:
                taken[name] = lease
        return leases, taken

    def _take(self, account: Account, lease: Lease) -> None:
        name = account.name
        current = {"lease": lease}

        def lease_now() -> Lease:
            held = self._held.get(name)
            return held.lease if held is not None else current["lease"]

        try:
            broker = self.make_broker(account, lambda tx: tx.leases.check(lease_now()))
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
        self._held[name] = _Held(lease, desk, asyncio.create_task(self._work(desk, stop)), stop, account)
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

    async def _let_go(self, name: str) -> None:
        held = self._held.pop(name)
        held.stop.set()
        held.desk.wake()
        await asyncio.gather(held.task, return_exceptions=True)
        with suppress(StoreError):  # then it ends by itself
            await asyncio.to_thread(self.store.write, lambda tx: tx.leases.release(held.lease))


def _what_waits(tx: Tx) -> tuple[set[str], set[str], dict[str, StateRow]]:
    return tx.inbox.waiting(), tx.commands.waiting(), tx.states.all()


async def _sleep(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
