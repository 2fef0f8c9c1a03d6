"""Whatever fails around Pinery, it goes on by itself afterwards: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.crash.failing import (
    BY_THE_RULES,
    Raging,
    check_refusals,
    fill_up,
    judge,
    quiet_place,
    raging,
    readiness,
    set_writable,
    small_disk,
    wait_for,
)
from tests.crash.storm import Place, children, pinery_up
from tests.stores import postgres_url

pytestmark = pytest.mark.slow

END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@contextmanager
def _trouble(storm: Raging, place: Place) -> Iterator[None]:
    """Alerts before, during and after. The cause is gone when the body ends, and with it soon the consequences."""
    storm.wait_for_more("at work")
    yield
    gone = time.monotonic()
    recovered = wait_for("ready", lambda: readiness(place) == 200)
    wait_for("acknowledged again", lambda: storm.first_success(gone) < 60)
    storm.wait_for_more("at work again")
    print(f"ready {recovered:.2f} s and acknowledged {storm.first_success(gone):.2f} s after the cause was gone")


def test_full_disk(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with small_disk(tmp_path / "disk") as disk:
        place = quiet_place(disk / "place")
        with pinery_up(place, log) as process:
            before = children(process.pid)
            with raging(place, 11) as storm, _trouble(storm, place):
                ballast = fill_up(disk)
                wait_for("refused", lambda: storm.answers[-1].status == 503)
                full = time.monotonic()
                wait_for("not ready", lambda: readiness(place) == 503)
                time.sleep(6)
                print("while full:", storm.statuses(full, time.monotonic()))
                ballast.unlink()
            check_refusals(storm)
            assert children(process.pid) == before, "processes died of a full disk"
            judge(place, storm, log)


def test_read_only_sqlite(tmp_path: Path) -> None:
    """Files that are open stay writable whatever their rights become, so the processes are killed to open them anew."""
    log = tmp_path / "log"
    place = quiet_place(tmp_path / "place")
    folder = tmp_path / "place" / "data"
    folder.mkdir()
    place = replace(place, store_url=f"sqlite:///{folder}/pinery.db")
    toml = place.folder / "pinery.toml"
    toml.write_text(toml.read_text().replace(f"{place.folder}/pinery.db", f"{folder}/pinery.db"))
    with pinery_up(place, log, *BY_THE_RULES) as process:
        with raging(place, 12) as storm, _trouble(storm, place):
            set_writable(folder, False)
            for pid in children(process.pid):
                os.kill(pid, signal.SIGKILL)
            time.sleep(6)
            while_closed = storm.statuses(time.monotonic() - 4, time.monotonic())
            assert not while_closed[200], while_closed
            set_writable(folder, True)
        assert {a.status for a in storm.answers} <= {200, 503, 599}
        everybody = ["control", "gateway", "worker"]
        wait_for("all run again", lambda: sorted(children(process.pid).values()) == everybody)
        judge(place, storm, log)


def _administrator(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(url, autocommit=True)


def test_postgresql_that_is_read_only_and_then_ends_connections_again_and_again(tmp_path: Path) -> None:
    """As after a fail-over to a server that is still a standby, and a network that breaks all the time."""
    log = tmp_path / "log"
    with postgres_url() as url:
        place = quiet_place(tmp_path / "place", url, workers=2)
        with pinery_up(place, log) as process:
            before = children(process.pid)
            with _administrator(url) as other, raging(place, 16) as storm:
                with _trouble(storm, place):
                    name = other.info.dbname
                    other.execute("SET default_transaction_read_only = off")
                    other.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
                    other.execute(END_ALL)
                    time.sleep(1)
                    closed = time.monotonic()
                    wait_for("not ready", lambda: readiness(place) == 503)
                    time.sleep(5)
                    wait_for("answered", lambda: storm.answered_since(closed))
                    assert storm.answered_since(closed) == {503}
                    other.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
                    other.execute(END_ALL)
                with _trouble(storm, place):
                    for _ in range(12):
                        other.execute(END_ALL)
                        time.sleep(0.5)
            check_refusals(storm)
            assert children(process.pid) == before
            judge(place, storm, log)


def _exclusively(path: Path, seconds: float) -> None:
    """As another program would, that knows nothing of our lock files."""
    with sqlite3.connect(path, timeout=30, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        other.execute("ROLLBACK")
    other.close()


def _lock_file(path: Path, seconds: float) -> None:
    with Path(f"{path}.lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        time.sleep(seconds)


def test_locked_sqlite(tmp_path: Path) -> None:
    log = tmp_path / "log"
    place = quiet_place(tmp_path / "place")
    with pinery_up(place, log) as process:
        before = children(process.pid)
        with raging(place, 13) as storm:
            for keep in (_exclusively, _lock_file):
                locked = time.monotonic()
                with _trouble(storm, place):
                    keep(place.folder / "pinery.db", 8)
                assert storm.statuses(locked, time.monotonic())[503], keep
        check_refusals(storm)
        assert children(process.pid) == before
        judge(place, storm, log)


def test_locked_tables_of_postgresql(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with postgres_url() as url:
        place = quiet_place(tmp_path / "place", url, workers=2)
        with pinery_up(place, log) as process:
            before = children(process.pid)
            with raging(place, 14) as storm:
                for table in ("inbox", "orders", "leases"):
                    with _trouble(storm, place), psycopg.connect(url) as other:
                        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
                        time.sleep(8)
            check_refusals(storm)
            assert children(process.pid) == before
            judge(place, storm, log)
