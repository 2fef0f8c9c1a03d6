"""Several threads and processes on one store."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from pinery.adapters.store import tables
from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.orders import _UNFILLED
from pinery.adapters.store.owner import is_dead, owner_name
from pinery.trading.events import Event
from pinery.trading.orders.model import Status
from pinery.trading.store import Message
from tests.adapters.store.samples import message, order

#: Adds messages, two orders with each in the same transaction, and says the number once it is on disk.
WRITER = """
import sys
from pinery.adapters.store.database import open_store
from tests.adapters.store.samples import message, order
store = open_store(sys.argv[1])
first, count = int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + count):
    def work(tx):
        tx.orders.put([order(f"pn-{number}-e0")])
        tx.inbox.add([message(number, body=str(number))])
        tx.orders.put([order(f"pn-{number}-s0")])
    store.write(work)
    print(number, flush=True)
"""

#: Claims deliveries until there are none.
CLAIMER = """
import sys, time
from pinery.adapters.store.database import open_store
store = open_store(sys.argv[1])
end = time.monotonic() + 20
while time.monotonic() < end:
    got = store.write(lambda tx: tx.outbox.claim("x", 1, 10**9, 7, ["log"]))
    if not got:
        break
    for delivery in got:
        print(delivery.id)
"""

#: Takes a lease and says so; then waits to be killed.
HOLDER = """
import sys, time
from pinery.adapters.store.database import open_store
from pinery.adapters.store.orders import _UNFILLED
from pinery.adapters.store.owner import owner_name
store = open_store(sys.argv[1])
print(store.write(lambda tx: tx.leases.acquire("account:paper", owner_name(), 0, 10**9)).epoch, flush=True)
time.sleep(60)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def url_of(store: SqlStore) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def pending(store: SqlStore) -> list[Message]:
    return store.read(lambda tx: tx.inbox.pending(["demo"], 10**6, 10**12))


def test_processes_add_side_by_side(store: SqlStore) -> None:
    writers = [start(WRITER, url_of(store), 1000 * n, 100) for n in range(3)]
    assert [writer.communicate()[1] for writer in writers] == [""] * 3
    found = pending(store)
    assert sorted(int(row.body) for row in found) == [1000 * n + i for n in range(3) for i in range(100)]
    assert [row.received_us for row in found] == sorted(row.received_us for row in found)
    assert len({row.id for row in found}) == 300


def test_what_was_acknowledged_survives_kills(store: SqlStore) -> None:
    said: set[int] = set()
    chance = random.Random(7)
    for run in range(3):
        with start(WRITER, url_of(store), 10_000 * run, 5000) as writer:
            assert writer.stdout is not None
            said.add(int(writer.stdout.readline()))
            time.sleep(chance.uniform(0.0, 0.2))
            writer.send_signal(signal.SIGKILL)
            # The same buffer as above: it may hold more lines already.
            said.update(int(line) for line in writer.stdout if line.endswith("\n"))
    kept = {int(row.body) for row in pending(store)}
    assert said <= kept
    # Each transaction is there as a whole or not at all; at most the one under way at each kill was not said.
    orders = {row.client_id for row in store.read(lambda tx: tx.orders.unfinished("paper"))}
    assert orders == {f"pn-{number}-{kind}0" for number in kept for kind in "es"}
    assert len(kept - said) <= 3
    store.write(lambda tx: tx.inbox.add([message()]))


def test_a_delivery_is_claimed_by_one(store: SqlStore) -> None:
    events = [Event("test", 1, str(number)) for number in range(200)]
    store.write(lambda tx: tx.outbox.add(events, lambda event: ("log",)))
    claimers = [start(CLAIMER, url_of(store)) for _ in range(3)]
    counted = Counter(line for claimer in claimers for line in claimer.communicate()[0].splitlines())
    assert len(counted) == 200
    assert set(counted.values()) == {1}


def test_claims_do_not_wait_for_each_other_on_postgresql(server_store: SqlStore) -> None:
    store = server_store
    store.write(lambda tx: tx.outbox.add([Event("test", 1, str(n)) for n in range(4)], lambda event: ("log",)))

    def work(tx) -> tuple[set[int], set[int]]:
        mine = {found.id for found in tx.outbox.claim("a", 1, 1000, 2, ["log"])}
        with ThreadPoolExecutor(1) as other:
            theirs = other.submit(store.write, lambda tx: tx.outbox.claim("b", 1, 1000, 4, ["log"])).result(5)
        return mine, {found.id for found in theirs}

    mine, theirs = store.write(work)
    assert len(mine) == len(theirs) == 2
    assert not mine & theirs


def test_the_lease_of_a_killed_process_is_free_at_once(store: SqlStore) -> None:
    holder = start(HOLDER, url_of(store))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "1\n"
    assert store.write(lambda tx: tx.leases.acquire("account:paper", owner_name(), 1, 1000)) is None
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lease = store.write(lambda tx: tx.leases.acquire("account:paper", owner_name(), 1, 1000))
    assert lease is not None
    assert lease.epoch == 2
    holder.communicate()


def test_owners_of_other_machines_and_other_starts_are_not_taken_for_dead() -> None:
    host, boot, pid, started = owner_name().split("/")
    assert not is_dead(owner_name())
    assert is_dead(f"{host}/{boot}/{pid}/{int(started) + 1}")  # the number was given out again
    assert not is_dead(f"elsewhere/{boot}/{pid}/{int(started) + 1}")
    assert not is_dead(f"{host}/another-start/{pid}/{int(started) + 1}")
    assert not is_dead("")
    assert not is_dead("me")


def test_one_lease_for_many_who_want_it(store: SqlStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        leases = list(
            threads.map(
                lambda n: store.write(lambda tx: tx.leases.acquire("account:paper", f"h/b/{n}/1", 0, 1000)), range(8)
            )
        )
    assert [lease.epoch for lease in leases if lease is not None] == [1]


def test_threads_write_side_by_side_and_none_waits_long(store: SqlStore) -> None:
    longest: list[float] = []

    def work(thread: int) -> None:
        worst = 0.0
        for number in range(40):
            begun = time.monotonic()
            store.write(lambda tx, n=number: tx.inbox.add([message(n, body=f"{thread}.{n}")]))
            worst = max(worst, time.monotonic() - begun)
        longest.append(worst)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pending(store)) == 240
    assert max(longest) < 3


def test_others_hear_of_a_change(store: SqlStore) -> None:
    other = open_store(url_of(store))
    seen = other.changed(None)
    assert other.changed(seen) == seen
    store.write(lambda tx: tx.inbox.add([message()]))
    assert _changes(other, seen)
    seen = other.changed(None)
    time.sleep(0.25)
    assert other.changed(seen) == seen
    other.close()


def _changes(store: SqlStore, seen: object) -> bool:
    """A notice takes a moment to arrive."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if store.changed(seen) != seen:
            return True
        time.sleep(0.005)
    return False


def test_what_waits_is_found_by_short_indexes(file_store: SqlStore) -> None:
    store = file_store
    store.write(lambda tx: tx.orders.put([order(status=Status.FILLED)]))
    plans = {
        "ix_orders_unfinished": sa.select(tables.orders.c.client_id).where(
            tables.orders.c.account == "paper", ~tables.orders.c.final
        ),
        "ix_orders_unfilled": _UNFILLED.params({"of": "paper"}),
        "ix_inbox_new": sa.select(tables.inbox.c.id).where(
            sa.text("status = 'new'"), tables.inbox.c.deployment.in_(["a", "b"]), tables.inbox.c.received_us < 5
        ),
    }
    for index, statement in plans.items():
        text = str(statement.compile(store.engine, compile_kwargs={"literal_binds": True}))
        plan = store.read(lambda tx, t=text: tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {t}").all())
        assert index in str(plan)


def test_this_process_is_known_by_its_start() -> None:
    assert owner_name().split("/")[2] == str(os.getpid())
