"""Clocks that jump, brokers that do not answer, processes that stop: orders neither lost nor doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from pinery.adapters.store import tables as t
from pinery.adapters.store.database import SqlStore
from tests.crash import verdict
from tests.crash.failing import (
    WrongClock,
    check_log,
    check_refusals,
    is_running,
    judge,
    opened,
    process_named,
    quiet_place,
    raging,
    wait_for,
)
from tests.crash.storm import children, make_place, pinery_up
from tests.stores import postgres_url, store_url

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("hours", [1, -1])
def test_clock_jump(tmp_path: Path, hours: int) -> None:
    """An hour off for five seconds, and back. Entries may be given up as too old at the moment of a jump: those that
    wait for their decision or their broker. Nothing else is."""
    log = tmp_path / "log"
    clock = WrongClock(tmp_path / "clock")
    place = make_place(tmp_path / "place", f"sqlite:///{tmp_path}/place/pinery.db", deployments=3, workers=1)
    with clock.environment(), pinery_up(place, log) as process:
        before = children(process.pid)
        with raging(place, 17, id_name="unique_id") as storm, opened(place) as store:
            wait_for("at work", lambda: _count(store, t.signals) > 20, 60)
            under_way = 0
            for offset in (3600 * hours, 0):
                under_way += _count(store, t.inbox, t.inbox.c.status == "new")
                clock.set(offset)
                time.sleep(5)
        check_refusals(storm)
        assert children(process.pid) == before
        with opened(place) as store:
            verdict.wait_until_done(store)
            given_up = verdict.given_up(store)
            print("given up:", len(given_up.denied), len(given_up.unsent), len(given_up.unsent_reversals))
            assert len(given_up) <= under_way + 12, "more than what was under way when the clock jumped"
            counts = verdict.check(store, storm, given_up)
        print(counts)
        check_log(log, place)


def _count(store: SqlStore, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(*where)
    return store.read(lambda tx: int(tx.connection.execute(counted).scalar_one()))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_broker_that_often_does_not_answer(tmp_path: Path, kind: str) -> None:
    """Requests that never arrive, and answers that get lost, while processes are killed."""
    log = tmp_path / "log"
    rng = random.Random(18)
    with store_url(kind, tmp_path) as url:
        options = "unreachable_share = 0.15\ntimeout_share = 0.15"
        place = quiet_place(tmp_path / "place", url, workers=1 if kind == "sqlite" else 2, options=options)
        with pinery_up(place, log) as process:
            with raging(place, 18, gap=0.4) as storm:
                for _ in range(6):
                    time.sleep(2 + rng.random())
                    os.kill(rng.choice(process_named(process, "worker")), signal.SIGKILL)
                time.sleep(3)
            judge(place, storm, log)
            with opened(place) as store:
                print("seconds until an outcome was known:", _resolutions(store))


def _resolutions(store: SqlStore) -> dict[str, float]:
    """Of orders whose outcome was unknown for a time."""
    c = t.order_changes
    columns = sa.select(c.c.client_id, c.c.at, c.c.before, c.c.after).order_by(c.c.id)
    since: dict[str, int] = {}
    took = []
    for client_id, at, before, after in store.read(lambda tx: tx.connection.execute(columns).all()):
        if after == "unknown":
            since.setdefault(client_id, at)
        elif before == "unknown":
            took.append((at - since.pop(client_id)) / 1000)
    assert not since
    took.sort()
    return {"orders": len(took), "median": took[len(took) // 2], "most": took[-1]} if took else {}


def test_worker_that_stands_still_longer_than_its_lease(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with postgres_url() as url:
        place = quiet_place(tmp_path / "place", url, workers=2)
        with pinery_up(place, log) as process:
            before = children(process.pid)
            with raging(place, 19) as storm, opened(place) as store:
                wait_for("at work", lambda: _count(store, t.signals) > 20, 60)
                for _ in range(2):
                    time.sleep(2)
                    holder = _holder(store, "one")
                    os.kill(holder, signal.SIGSTOP)
                    try:
                        took = wait_for("taken over", lambda: _holder(store, "one") != holder, 30)  # noqa: B023
                        print(f"taken over after {took:.1f} s")
                        time.sleep(2)
                    finally:
                        os.kill(holder, signal.SIGCONT)
                    time.sleep(2)
            check_refusals(storm)
            assert children(process.pid) == before
            judge(place, storm, log)
            assert "lease_lost" in log.read_text()


def _holder(store: SqlStore, account: str) -> int:
    """Process id of the worker that has an account."""
    owner = sa.select(t.leases.c.owner).where(t.leases.c.name == f"account:{account}")
    return int(store.read(lambda tx: tx.connection.execute(owner).scalar_one()).split("/")[-2])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_supervisor_is_killed_and_started_again_at_once(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "log"
    with store_url(kind, tmp_path) as url, ExitStack() as stack:
        place = quiet_place(tmp_path / "place", url, workers=1 if kind == "sqlite" else 2)
        process = stack.enter_context(pinery_up(place, log))
        with raging(place, 20) as storm:
            for _ in range(2):
                time.sleep(3)
                orphans = list(children(process.pid))
                process.kill()
                process.wait()
                killed = time.monotonic()
                process = stack.enter_context(pinery_up(place, log))
                print(f"ready {time.monotonic() - killed:.1f} s after the kill")
                left = wait_for("children gone", lambda: not any(map(is_running, orphans)), 10)  # noqa: B023
                print(f"children gone {left:.1f} s later")
            time.sleep(3)
        judge(place, storm, log)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_asked_to_stop_in_the_middle(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "log"
    with store_url(kind, tmp_path) as url, ExitStack() as stack:
        place = quiet_place(tmp_path / "place", url, workers=1 if kind == "sqlite" else 2)
        process = stack.enter_context(pinery_up(place, log))
        with raging(place, 21) as storm:
            for number in (signal.SIGTERM, signal.SIGINT):
                time.sleep(3)
                running = list(children(process.pid))
                asked = time.monotonic()
                process.send_signal(number)
                assert process.wait(15) == 0
                print(f"ended {time.monotonic() - asked:.1f} s after {number.name}")
                assert not any(map(is_running, running))
                process = stack.enter_context(pinery_up(place, log))
            time.sleep(3)
        assert {a.status for a in storm.answers} <= {200, 503, 599}
        judge(place, storm, log)
        assert "process_died" not in log.read_text()
