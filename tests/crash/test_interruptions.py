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
    readiness,
    wait_for,
)
from tests.crash.storm import children, make_place, pinery_up
from tests.stores import postgres_url, store_url

pytestmark = pytest.mark.slow


def test_clock_jumps(tmp_path: Path) -> None:
    """An hour ahead for five seconds, and back; then an hour behind.

    Entries may be given up as too old at the moment of a jump: those that wait for their decision or their broker.
    Nothing else is.
    """
    log = tmp_path / "log"
    clock = WrongClock(tmp_path / "clock")
    place = make_place(tmp_path / "place", f"sqlite:///{tmp_path}/place/pinery.db", deployments=3, workers=1)
    with clock.environment(), pinery_up(place, log) as process:
        before = children(process.pid)
        with raging(place, 17, id_name="unique_id") as storm, opened(place) as store:
            wait_for("at work", lambda: _count(store, t.signals) > 20)
            under_way = 0
            for offset in (3600, 0, -3600, 0):
                under_way += _count(store, t.inbox, t.inbox.c.status == "new")
                clock.set(offset)
                time.sleep(5)
        check_refusals(storm)
        assert children(process.pid) == before
        with opened(place) as store:
            verdict.wait_until_done(store)
            given_up = verdict.given_up(store)
            print("given up:", len(given_up.denied), len(given_up.unsent), len(given_up.unsent_reversals))
            assert len(given_up) <= under_way + 24, "more than what was under way when the clock jumped"
            counts = verdict.check(store, storm, given_up)
        print(counts)
        check_log(log, place)


def _count(store: SqlStore, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(*where)
    return store.read(lambda tx: int(tx.connection.execute(counted).scalar_one()))


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 2), ("postgresql", 5)])
def test_broker_that_often_does_not_answer(tmp_path: Path, kind: str, kills: int) -> None:
    """Requests that never arrive, and answers that get lost, while processes are killed."""
    log = tmp_path / "log"
    rng = random.Random(18)
    with store_url(kind, tmp_path) as url:
        options = "unreachable_share = 0.15\ntimeout_share = 0.15"
        place = quiet_place(tmp_path / "place", url, workers=1 if kind == "sqlite" else 2, options=options)
        with pinery_up(place, log) as process:
            with raging(place, 18, gap=0.4) as storm:
                for _ in range(kills):
                    time.sleep(2 + rng.random())
                    wait_for("a worker runs", lambda: process_named(process, "worker"))
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
                wait_for("at work", lambda: _count(store, t.signals) > 20)
                for _ in range(2):
                    storm.wait_for_more("at work")
                    holder = _holder(store, "one")
                    os.kill(holder, signal.SIGSTOP)
                    try:
                        took = wait_for("taken over", lambda: _holder(store, "one") != holder)  # noqa: B023
                        print(f"taken over after {took:.1f} s")
                        storm.wait_for_more("at work without it")
                    finally:
                        os.kill(holder, signal.SIGCONT)
                    storm.wait_for_more("at work")
            check_refusals(storm)
            assert children(process.pid) == before
            judge(place, storm, log)
            assert "lease_lost" in log.read_text()


def _holder(store: SqlStore, account: str) -> int:
    """Process id of the worker that has an account."""
    owner = sa.select(t.leases.c.owner).where(t.leases.c.name == f"account:{account}")
    return int(store.read(lambda tx: tx.connection.execute(owner).scalar_one()).split("/")[-2])


_ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize(("kind", "ends"), [("sqlite", _ENDS), ("postgresql", _ENDS[:2])])
def test_ended_in_the_middle_and_started_again_at_once(
    tmp_path: Path, kind: str, ends: tuple[signal.Signals, ...]
) -> None:
    """Killed, its children follow by themselves; asked to, it ends them before it ends itself."""
    log = tmp_path / "log"
    with store_url(kind, tmp_path) as url, ExitStack() as stack:
        place = quiet_place(tmp_path / "place", url, workers=1 if kind == "sqlite" else 2)
        process = stack.enter_context(pinery_up(place, log))
        with raging(place, 20) as storm:
            for number in ends:
                storm.wait_for_more("at work")
                running = list(children(process.pid))
                asked, said = time.monotonic(), len(log.read_text())
                process.send_signal(number)
                code = process.wait(60)
                print(f"ended {time.monotonic() - asked:.1f} s after {number.name}")
                if number != signal.SIGKILL:
                    assert code == 0
                    assert not any(map(is_running, running))
                    assert "process_died" not in log.read_text()[said:]
                process = stack.enter_context(pinery_up(place, log))
                wait_for("children gone", lambda: not any(map(is_running, running)))  # noqa: B023
                wait_for("ready", lambda: readiness(place) == 200)  # what answered before may have been one of those
                print(f"ready {time.monotonic() - asked:.1f} s after {number.name}")
            storm.wait_for_more("at work")
        assert {a.status for a in storm.answers} <= {200, 503, 599}
        judge(place, storm, log)
