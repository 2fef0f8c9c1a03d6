"""SQLite: a file of one machine, which several processes share."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from pinery.adapters.store.locks import WriteLock
from pinery.adapters.store.records import dumps
from pinery.trading.errors import StoreError

_BUSY_MS = 5000


class SqliteFile:
    """How transactions run on a SQLite file. Every write holds the file's lock; reads see the last commit."""

    def __init__(self, path: Path, *, create: bool, lock_timeout: float) -> None:
        if not path.exists() and not create:
            raise StoreError(f"there is no store at {path}", "pinery init makes a folder with one; or name another")
        self._path = path
        self._lock = WriteLock(path, lock_timeout)
        self.engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            json_serializer=dumps,
            # Writes are one at a time; the rest are readers.
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
        )
        sa.event.listen(self.engine, "connect", _prepare)
        sa.event.listen(self.engine, "begin", _begin)
        self._writing = self.engine.execution_options(pinery_write=True)
        self._watching = threading.Lock()
        self._watcher: sqlite3.Connection | None = None
        self._keep_log()

    @contextmanager
    def writing(self, lasting: bool = True) -> Iterator[sa.Connection]:
        with self._lock.held(), self._writing.connect() as connection:
            _wait_for_disk(connection, lasting)
            try:
                with connection.begin():
                    yield connection
            except sa.exc.DBAPIError as error:
                # Whatever state the error left it in: the next write begins with a new one.
                connection.invalidate()
                if getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_READONLY"):
                    self._start_anew()
                raise

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            try:
                yield connection
            except sa.exc.DBAPIError:
                connection.invalidate()
                raise

    def wake(self, connection: sa.Connection) -> None:
        """Nothing to do: the file itself says that it has changed."""

    def changed(self, seen: object) -> object:
        """A number that differs after every commit."""
        with self._watching:
            try:
                if self._watcher is None:
                    self._watcher = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
                return self._watcher.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error:
                self._stop_watching()
                raise

    def close(self) -> None:
        with self._watching:
            self._stop_watching()
        self.engine.dispose()
        self._lock.close()

    def _start_anew(self) -> None:
        """Closes all connections. SQLite's of one process share what they know of the file: as long as any of them is
        open, new ones find it read-only even when it no longer is."""
        with self._watching:
            self._stop_watching()
        self.engine.dispose()

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _keep_log(self) -> None:
        """Sets the write-ahead log, once in the file's life: with it, readers and the writer do not wait for each
        other."""
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if _log_mode(driver, "") == "wal":
                return
        with self._lock.held(), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if _log_mode(driver, " = wal") != "wal":
                raise StoreError(
                    f"the store {self._path} cannot keep a write-ahead log",
                    "put it on a local disk (not on a network share), or use PostgreSQL",
                )


def _log_mode(driver: Any, setting: str) -> str:
    mode: str = driver.execute(f"PRAGMA journal_mode{setting}").fetchone()[0]
    return mode


def _wait_for_disk(connection: sa.Connection, lasting: bool) -> None:
    """Whether commits of this connection are on disk when they return. Its log keeps them in order either way."""
    known = connection.info
    if known.get("lasting", True) != lasting:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
        known["lasting"] = lasting


def _prepare(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin says, not where the driver guesses
    for pragma in ("synchronous = FULL", f"busy_timeout = {_BUSY_MS}", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("pinery_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
