"""A database that cannot be used says so in words, and is used again as soon as it can be."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from pinery.adapters.store.database import SqlStore, open_store, parse_url
from pinery.adapters.store.transaction import SqlTx
from pinery.core.errors import InternalError, UsageError
from pinery.trading.errors import StoreError
from pinery.trading.store import Lease
from tests.adapters.store.samples import message
from tests.stores import SERVER, postgres_url


def add(store: SqlStore, body: str = "IN") -> None:
    store.write(lambda tx: tx.inbox.add([message(body=body)]))


def count(store: SqlStore) -> int:
    return len(store.read(lambda tx: tx.inbox.pending(["demo"], 10**6, 10**12)))


def test_a_full_database_recovers(file_store: SqlStore) -> None:
    limits: list[int] = [0]

    @sa.event.listens_for(file_store.engine, "checkout")
    def limit(connection: sqlite3.Connection, record: object, proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limits[0] or 2**30}")

    add(file_store)
    limits[0] = 1  # SQLite takes the present size for the least
    with pytest.raises(StoreError, match="disk is full") as caught:
        for _ in range(50):
            add(file_store, "x" * 10_000)
    assert "free some space" in str(caught.value.hint)
    before = count(file_store)
    limits[0] = 0
    add(file_store, "x" * 100_000)
    assert count(file_store) == before + 1


def test_a_full_disk_recovers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="pinery-full-"))
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        folder.rmdir()
        pytest.skip("a small disk can be mounted by root only")
    try:
        store = open_store(f"sqlite:///{folder / 'pinery.db'}")
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as out, pytest.raises(OSError):
            while True:
                out.write(b"x" * 4096)
        added = 0
        with pytest.raises(StoreError, match=r"disk (is full|does not take)"):
            for _ in range(200):
                add(store, "x" * 5000)
                added += 1
        assert count(store) == added
        filler.unlink()
        add(store)
        assert count(store) == added + 1
        store.close()
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def _as_nobody(folder: str, pipe: multiprocessing.connection.Connection) -> None:
    """Root may write everything; this process may not."""
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)

    def outcome(work: Callable[[], None]) -> str:
        try:
            work()
        except StoreError as error:
            return error.message
        return "written"

    file, url = f"{folder}/pinery.db", f"sqlite:///{folder}/pinery.db"
    store = open_store(url)
    said = [outcome(lambda: add(store))]
    os.chmod(file, 0o444)
    store.engine.dispose()
    said.append(outcome(lambda: add(store)))
    for name in os.listdir(folder):  # SQLite gave the file's rights to those that it made beside it
        os.chmod(f"{folder}/{name}", 0o644)
    said.append(outcome(lambda: add(store)))
    store.close()
    os.chmod(folder, 0o555)
    said.append(outcome(lambda: open_store(url).close()))
    os.chmod(folder, 0o755)
    said.append(outcome(lambda: add(open_store(url))))
    pipe.send(said)


def test_a_read_only_file_recovers() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become another user")
    with tempfile.TemporaryDirectory(prefix="pinery-readonly-", dir="/tmp") as folder:
        os.chown(folder, 65534, 65534)
        near, far = multiprocessing.Pipe()
        child = multiprocessing.get_context("fork").Process(target=_as_nobody, args=(folder, far))
        child.start()
        assert near.poll(20)
        first, read_only, again, no_folder, last = near.recv()
        child.join(10)
    assert [first, again, last] == ["written"] * 3
    assert "it may not be written" in read_only
    assert "cannot be used" in no_folder


def test_a_database_locked_by_another_program_recovers(tmp_path: Path) -> None:
    path = tmp_path / "pinery.db"
    store = open_store(f"sqlite:///{path}", lock_timeout=0.2)
    sa.event.listen(store.engine, "checkout", lambda raw, record, proxy: raw.execute("PRAGMA busy_timeout = 100"))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            add(store)
        other.execute("ROLLBACK")
    other.close()
    add(store)
    assert count(store) == 1
    store.close()


def test_a_writer_that_does_not_end_makes_others_give_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'pinery.db'}"
    first, second = open_store(url), open_store(url, lock_timeout=0.1)

    def long(tx) -> float:
        begun = time.monotonic()
        with pytest.raises(StoreError, match=r"others have kept it for 0\.1 s"):
            add(second)
        return time.monotonic() - begun

    assert 0.09 < first.write(long) < 2
    add(second)
    first.close()
    second.close()


def test_a_write_inside_a_write_is_a_fault_of_ours(file_store: SqlStore) -> None:
    with pytest.raises(InternalError):
        file_store.write(lambda tx: add(file_store))
    add(file_store)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pinery.db"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(StoreError, match="not a SQLite database"):
        open_store(str(path))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(f"sqlite:///{tmp_path}/file/pinery.db")


def test_lost_connections_are_replaced(server_store: SqlStore) -> None:
    add(server_store)
    seen = server_store.changed(None)
    name = server_store.engine.url.database
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        )
    with pytest.raises(StoreError, match="cannot be reached"):
        add(server_store)
    add(server_store)
    assert count(server_store) == 2
    # Nobody listens now: something may have changed.
    end = time.monotonic() + 5
    while server_store.changed(seen) == seen and time.monotonic() < end:
        time.sleep(0.005)
    assert server_store.changed(seen) != seen


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")  # it cannot be closed any more
def test_a_connection_lost_while_rows_come_is_told_once(
    server_store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    url = server_store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def work(tx: SqlTx) -> None:
        backend = tx.connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        numbers = sa.text("SELECT generate_series(1, 100000)")
        rows = tx.connection.execute(numbers, execution_options={"yield_per": 10})
        assert rows.fetchone() == (1,)
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", (backend,))
        rows.close()
        tx.inbox.waiting()

    with pytest.raises(StoreError, match="cannot be reached"):
        server_store.read(work)
    assert not caplog.records
    assert server_store.read(lambda tx: tx.inbox.waiting()) == set()
    gc.collect()  # the cursor goes here, not during another test


def test_connections_that_idled_are_tried_before_use(server_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinery.adapters.store.postgres._IDLE", 0.0)
    add(server_store)
    with psycopg.connect(SERVER, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (server_store.engine.url.database,),
        )
    add(server_store)
    assert count(server_store) == 2


def test_a_transaction_that_stands_still_is_told(server_store: SqlStore) -> None:
    """As after SIGSTOP or a suspended machine: the server ends the transaction, and the next one works."""

    @sa.event.listens_for(server_store.engine, "begin")
    def impatient(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '50ms'")

    def stand_still(tx: SqlTx) -> None:
        time.sleep(0.3)
        tx.inbox.add([message(body="IN")])

    with pytest.raises(StoreError, match="stood still"):
        server_store.write(stand_still)
    add(server_store)
    assert count(server_store) == 1


def test_the_lease_of_a_process_that_stands_still_in_the_middle_of_sending_is_taken_over(
    server_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's own timeouts do not end a transaction whose client has announced more and does not send it."""
    monkeypatch.setattr("pinery.adapters.store.leases._STALLED", 0.5)
    lease = server_store.write(lambda tx: tx.leases.acquire("account:paper", "one", 0, 5_000))
    assert lease is not None
    stands, goes_on = threading.Event(), threading.Event()

    def stand_still(tx: SqlTx) -> None:
        tx.leases.check(lease)
        driver = tx.connection.connection.driver_connection
        with driver.pipeline():
            driver.execute("UPDATE leases SET expires = 0")
            driver.pgconn.send_flush_request()
            driver.pgconn.flush()
            stands.set()
            goes_on.wait(30)

    def take() -> Lease | None:
        return server_store.write(lambda tx: tx.leases.acquire("account:paper", "two", 10_000, 5_000))

    with ThreadPoolExecutor() as threads:
        stalled = threads.submit(server_store.write, stand_still)
        try:
            assert stands.wait(30), stalled.exception(1)
            assert take() is None  # it may still be at work
            end = time.monotonic() + 30
            while (taken := take()) is None and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            goes_on.set()
        with pytest.raises(StoreError):
            stalled.result()
    assert taken is not None
    assert taken.epoch == lease.epoch + 1


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://ann:hunter2@127.0.0.1:1/pinery")
    assert "cannot be reached" in caught.value.message
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"
    assert "ann:***@127.0.0.1:1/pinery" in caught.value.message


def test_a_database_that_is_not_there_is_told() -> None:
    with postgres_url() as url, pytest.raises(StoreError, match="no such database"):
        open_store(url + "x")


@pytest.mark.parametrize(
    "url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql://host", "://", "postgresql://h:port/x"]
)
def test_urls_that_name_no_store_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_url(url)
    assert "sqlite:///folder/pinery.db" in str(caught.value.hint)


def test_no_password_is_shown() -> None:
    with postgres_url() as url:
        store = open_store(url.replace("root@", "root:hunter2@"))
        assert "hunter2" not in store.url + repr(store) + repr(store.engine.url)
        store.close()


def test_errors_of_the_callers_own_files_are_left_to_it(file_store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        file_store.write(lambda tx: tmp_path.read_text())
