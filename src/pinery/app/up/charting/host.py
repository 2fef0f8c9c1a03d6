"""All charts of a process: taken by lease, kept, started again when they change, given back.

Any number of processes share the charts of a store. One whose process died is taken over: at once on the same machine,
after the lease's end elsewhere.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pinery.adapters.store.charts import save_chart
from pinery.app.config.configuration import Configuration
from pinery.app.up.charting.runner import Runner, Surroundings
from pinery.charts.records import ChartRow, ChartState
from pinery.trading.errors import LeaseLost, StoreError
from pinery.trading.store import Lease, Tx

LEASE_MS = 6_000
_LOOK = 0.5  # seconds between looks at leases
_WRITE = 1.0  # seconds between writes of how charts are doing
_AT_ONCE = 4  # charts that a process takes while others of its own are still loading: so several processes share them


@dataclass(slots=True)
class _Held:
    lease: Lease
    runner: Runner
    task: asyncio.Task[None]
    settings: object  # what it was started with


@dataclass(slots=True)
class Host:
    around: Surroundings
    _held: dict[str, _Held] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, stopping: asyncio.Event) -> None:
        writing = asyncio.create_task(self._keep_writing())
        try:
            while not stopping.is_set():
                try:
                    await self._look()
                except StoreError as error:
                    self.around.log.error("store_failed", error=error.message, hint=error.hint)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), _LOOK)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await asyncio.gather(*(self._let_go(name) for name in list(self._held)))

    # --- leases -----------------------------------------------------------------------

    async def _look(self) -> None:
        configuration = self.around.configuration()
        for name, held in list(self._held.items()):
            if held.task.done() or held.settings != _settings(configuration, name):
                await self._let_go(name)
            elif held.runner.changed_files():
                self.around.log.info("script_changed", deployment=name)
                await self._let_go(name)
        loading = sum(held.runner.status.row.state is ChartState.STARTING for held in self._held.values())
        names = [name for name in configuration.charts if name not in self._held]
        most = max(0, _AT_ONCE - loading)
        if not self._held and not names:
            return
        leases, taken = await asyncio.to_thread(self.around.store.write, lambda tx: self._keep(tx, names, most))
        for name, held in list(self._held.items()):
            if name in leases:
                held.lease = leases[name]
            else:
                self.around.log.warning("lease_lost", deployment=name)
                await self._let_go(name)
        for name, lease in taken.items():
            self._take(configuration, name, lease)

    def _keep(self, tx: Tx, names: list[str], most: int) -> tuple[dict[str, Lease], dict[str, Lease]]:
        """Renew what is ours, take some of what is free."""
        now = self.around.clock.now()
        leases: dict[str, Lease] = {}
        taken: dict[str, Lease] = {}
        for name, held in self._held.items():
            try:
                leases[name] = tx.leases.renew(held.lease, now, LEASE_MS)
            except LeaseLost:
                continue
        for name in names:
            if len(taken) >= most:
                break
            lease = tx.leases.acquire(f"chart:{name}", self.around.owner, now, LEASE_MS)
            if lease is not None:
                taken[name] = lease
        return leases, taken

    def _take(self, configuration: Configuration, name: str, lease: Lease) -> None:
        first = lease

        def lease_now() -> Lease:
            held = self._held.get(name)
            return held.lease if held is not None else first

        runner = Runner(configuration.charts[name], self.around, lease_now, self._woken.set)
        task = asyncio.create_task(self._work(runner))
        self._held[name] = _Held(lease, runner, task, _settings(configuration, name))
        self.around.log.info("chart_taken", deployment=name, epoch=lease.epoch)

    async def _work(self, runner: Runner) -> None:
        try:
            await runner.run()
        except LeaseLost:
            self.around.log.warning("lease_lost", deployment=runner.settings.deployment)
        except Exception:
            # A fault of ours outside of what a chart's own troubles are: it starts again from what is on disk.
            self.around.log.exception("chart_broke", deployment=runner.settings.deployment)
            await asyncio.sleep(1.0)

    async def _let_go(self, name: str) -> None:
        held = self._held.pop(name)
        held.task.cancel()
        await asyncio.gather(held.task, return_exceptions=True)
        status = held.runner.status
        if status.row.state is not ChartState.FAILED:
            status.set(state=ChartState.STOPPED)
        row = status.to_write(self.around.clock.now()) or status.row

        def work(tx: Tx) -> None:
            with suppress(LeaseLost):  # whoever has it now writes its own
                tx.leases.check(held.lease)
                if status.recalled:
                    save_chart(tx, row)
                tx.leases.release(held.lease)

        with suppress(StoreError):  # then the lease ends by itself
            await asyncio.to_thread(self.around.store.write, work)

    # --- how they are doing -----------------------------------------------------------

    async def _keep_writing(self) -> None:
        """A row of each chart at most once a second, but new states at once; one transaction for all of them."""
        while True:
            # Not by wait_for: when what it waits for comes together with a cancellation, that would be lost.
            with suppress(TimeoutError):
                async with asyncio.timeout(_WRITE):
                    await self._woken.wait()
            self._woken.clear()
            now = self.around.clock.now()
            due = [
                (held.lease, row)
                for held in self._held.values()
                if (held.runner.status.changed or now - held.runner.status.row.updated >= _WRITE * 1000)
                and (row := held.runner.status.to_write(now)) is not None
            ]
            if due:
                try:
                    await asyncio.to_thread(self.around.store.write, lambda tx, due=due: _save(tx, due), lasting=False)
                except StoreError as error:
                    self.around.log.error("charts_not_written", error=error.message)
                    await asyncio.sleep(_WRITE)


def _save(tx: Tx, due: list[tuple[Lease, ChartRow]]) -> None:
    for lease, row in due:
        with suppress(LeaseLost):
            tx.leases.check(lease)
            save_chart(tx, row)


def _settings(configuration: Configuration, name: str) -> Any:
    """All that a chart is made of besides its files; None where it has no chart any more."""
    chart, deployment = configuration.charts.get(name), configuration.deployments.get(name)
    if chart is None or deployment is None:
        return None
    return (
        chart,
        configuration.feeds.get(chart.feed),
        deployment.template,
        configuration.webhook,
        configuration.hooks.get(name),
        configuration.libraries,
        configuration.limits,
        configuration.symbols,
    )
