"""Once for all workers, by lease: the weekly backup, and the deletion of what is kept long enough."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pinery.adapters.store import backup, retention
from pinery.core.errors import PineryError
from pinery.trading.errors import StoreError

if TYPE_CHECKING:
    from pinery.app.up.component import Surroundings

_LOOK = 60.0  # seconds
_LEASE_MS = 30 * 60_000
_DAY_MS = 86_400_000


class Maintenance:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._cleaned = 0

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await asyncio.to_thread(self._look)
            except StoreError as error:
                self._around.log.error("maintenance_failed", error=error.message)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _LOOK)

    def _look(self) -> None:
        around, now = self._around, self._around.clock.now()
        lease = around.store.write(lambda tx: tx.leases.acquire("maintenance", around.owner, now, _LEASE_MS))
        if lease is None:
            return
        if self._backup_due(now):
            self._backup(now)
        if now - self._cleaned >= _DAY_MS:
            self._cleaned = now
            kept = around.configuration.retention
            counts = retention.apply(around.store, now, kept.detail_days, kept.summary_days)
            if any(counts.values()):
                around.log.info("retention", **{name: count for name, count in counts.items() if count})

    def _backup_due(self, now: int) -> bool:
        settings = self._around.configuration.backup
        moment = datetime.fromtimestamp(now / 1000, UTC)
        on_time = moment.isoweekday() == settings.day and moment.time() >= settings.at
        # A machine that was off at that hour makes up for it.
        return settings.weekly and (
            (on_time and backup.due(settings.folder, now, _DAY_MS)) or backup.due(settings.folder, now, 8 * _DAY_MS)
        )

    def _backup(self, now: int) -> None:
        from pinery.app.studio.backups import save  # once a week: what it needs would be half of a worker's start

        around = self._around
        try:
            made = save(around.configuration, around.store, now, "the weekly backup")
        except PineryError as error:
            around.log.error("backup.failed", error=error.message)
        else:
            around.log.info("backup.done", file=made.name)
