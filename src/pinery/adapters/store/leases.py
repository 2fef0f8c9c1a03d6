"""Who alone may work on an account."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from pinery.adapters.store.owner import is_dead
from pinery.adapters.store.running import Running, insert_if_new
from pinery.adapters.store.tables import leases
from pinery.trading.errors import LeaseLost
from pinery.trading.store import Lease

_GET = sa.select(leases.c.name, leases.c.owner, leases.c.epoch, leases.c.expires).where(
    leases.c.name == sa.bindparam("lease")
)
# Shared: the desk and the paper account's book work on one lease side by side; whoever takes it over waits for both.
_LOCK = _GET.with_for_update(read=True)
# Whoever has the row locked is alive and at work.
_TRY_LOCK = _GET.with_for_update(skip_locked=True)
# But a process that stands still in the middle of sending keeps it for ever: PostgreSQL's timeouts end a transaction
# while it waits for the next statement, not while it waits for the rest of what its client has begun to send.
_END_STALLED = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND application_name = 'pinery' AND state <> 'idle' AND wait_event = 'ClientRead'"
    " AND state_change < clock_timestamp() - :seconds * INTERVAL '1 second'"
)
_STALLED = 10.0  # seconds, as for transactions that are idle
_LOCK_ALONE = _GET.with_for_update()
_FIRST = insert_if_new(leases, "name")
_TAKE = (
    sa.update(leases)
    .where(leases.c.name == sa.bindparam("lease"))
    .values(owner=sa.bindparam("new_owner"), epoch=sa.bindparam("new_epoch"), expires=sa.bindparam("until"))
)
_EXTEND = (
    sa.update(leases)
    .where(
        leases.c.name == sa.bindparam("lease"),
        leases.c.owner == sa.bindparam("holder"),
        leases.c.epoch == sa.bindparam("since"),
    )
    .values(expires=sa.bindparam("until"))
)
# The row stays, so that epochs go on rising.
_RELEASE = _EXTEND.values(owner="")


class Leases:
    def __init__(self, running: Running) -> None:
        self._running = running

    def acquire(self, name: str, owner: str, now: int, ttl_ms: int) -> Lease | None:
        connection = self._running.connection
        row = connection.execute(_GET, {"lease": name}).first()
        if row is None:
            lease = Lease(name, owner, 1, now + ttl_ms)
            first = {"name": name, "owner": owner, "epoch": lease.epoch, "expires": lease.expires}
            if connection.execute(_FIRST.into(connection), first).rowcount == 1:
                return lease
        elif not _free(Lease(*row), owner, now):
            return None
        row = connection.execute(_TRY_LOCK, {"lease": name}).first()
        if row is None and connection.dialect.name == "postgresql":
            connection.execute(_END_STALLED, {"seconds": _STALLED})
        if row is None or not _free(held := Lease(*row), owner, now):
            return None
        epoch = held.epoch if held.owner == owner else held.epoch + 1
        lease = Lease(name, owner, epoch, now + ttl_ms)
        connection.execute(_TAKE, {"lease": name, "new_owner": owner, "new_epoch": epoch, "until": lease.expires})
        return lease

    def renew(self, lease: Lease, now: int, ttl_ms: int) -> Lease:
        until = now + ttl_ms
        extended = self._running.connection.execute(
            _EXTEND, {"lease": lease.name, "holder": lease.owner, "since": lease.epoch, "until": until}
        )
        if extended.rowcount != 1:
            raise _lost(lease)
        return replace(lease, expires=until)

    def check(self, lease: Lease) -> None:
        row = self._running.connection.execute(_LOCK, {"lease": lease.name}).first()
        if row is None or row.owner != lease.owner or row.epoch != lease.epoch:
            raise _lost(lease)

    def release(self, lease: Lease) -> None:
        self._running.connection.execute(
            _RELEASE, {"lease": lease.name, "holder": lease.owner, "since": lease.epoch, "until": 0}
        )

    def hold_off(self, name: str) -> None:
        self._running.connection.execute(_LOCK_ALONE, {"lease": name})


def _free(held: Lease, owner: str, now: int) -> bool:
    return held.owner in ("", owner) or held.expires <= now or is_dead(held.owner)


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(
        f"{lease.name} belongs to another worker now", "this worker stops trading it; nothing is to be done"
    )
