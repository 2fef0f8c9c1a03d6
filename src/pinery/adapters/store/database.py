"""The store: opened by URL, written and read in transactions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa

from pinery.adapters.store.faults import files_told_as_store_errors, told_as_store_errors
from pinery.adapters.store.migrations import bring_up_to_date, require_current
from pinery.adapters.store.sqlite import SqliteFile
from pinery.adapters.store.transaction import SqlTx
from pinery.core.errors import UsageError

if TYPE_CHECKING:
    from pinery.adapters.store.postgres import PostgresServer

T = TypeVar("T")

LOCK_TIMEOUT = 5.0  # seconds


class SqlStore:
    """Implements ``trading.store.Store``. Made by ``open_store``; for one process: open another after a fork.

    ``url`` is for people: without the password. Statements of one's own run on ``tx.connection`` inside ``write`` and
    ``read``; writing through ``engine`` goes around the lock that keeps SQLite's writers in order.
    """

    def __init__(self, database: SqliteFile | PostgresServer, url: str) -> None:
        self._database = database
        self.url = url

    @property
    def engine(self) -> sa.Engine:
        return self._database.engine

    def write(self, work: Callable[[SqlTx], T], *, lasting: bool = True) -> T:
        """One transaction. Errors that ``work`` raises undo it and come out as they are.

        Without ``lasting`` it does not wait for the disk: it survives the end of the process, and a failure of the
        machine once a later, lasting transaction has been committed; that one's survival implies its own.

        After a StoreError nothing was written, except that PostgreSQL may have lost the connection in the very moment
        of the commit: who keeps a copy of the content in memory reads it again.
        """
        with told_as_store_errors(self.url), self._database.writing(lasting) as connection:
            tx = SqlTx(connection)
            result = work(tx)
            tx.running.settle_all()
            if tx.running.woken:
                self._database.wake(connection)
        return result

    def read(self, work: Callable[[SqlTx], T]) -> T:
        """All that ``work`` reads is of one moment."""
        with told_as_store_errors(self.url), self._database.reading() as connection:
            return work(SqlTx(connection))

    def changed(self, seen: object) -> object:
        with told_as_store_errors(self.url):
            return self._database.changed(seen)

    def close(self) -> None:
        self._database.close()


def open_store(url: str, *, create: bool = True, lock_timeout: float = LOCK_TIMEOUT) -> SqlStore:
    """The store at ``sqlite:///path``, a bare path, or ``postgresql://user:password@host/database``.

    With ``create``, an empty database gets its tables and an older one is brought up to date; without, it must be as
    this version needs it. Raises StoreError, also for a database that a newer version made, and UsageError for a URL
    that names no database.
    """
    parsed = parse_url(url)
    shown = parsed.render_as_string(hide_password=True).replace("+psycopg", "", 1)
    with told_as_store_errors(shown):
        database: SqliteFile | PostgresServer
        if parsed.get_backend_name() == "sqlite":
            path = Path(parsed.database or "")
            if create:
                with files_told_as_store_errors(shown):
                    _make_file(path)
            database = SqliteFile(path, create=create, lock_timeout=lock_timeout)
        else:
            # Its driver takes a tenth of a process's start, which those on SQLite do without.
            from pinery.adapters.store.postgres import PostgresServer

            database = PostgresServer(parsed, lock_timeout=lock_timeout)
        try:
            if create:
                bring_up_to_date(database, shown)
            else:
                require_current(database, shown)
        except BaseException:
            database.close()
            raise
    return SqlStore(database, shown)


def _make_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Nobody else's to read: the bodies of alerts may hold senders' secrets.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def parse_url(url: str) -> sa.URL:
    """Raises UsageError; a password in ``url`` is not repeated."""
    if "://" not in url:
        url = f"sqlite:///{url}"
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise UsageError("the store's URL cannot be read", _FORMS) from None
    kind = parsed.drivername.partition("+")[0]
    if kind in ("postgresql", "postgres"):
        if not parsed.database:
            raise UsageError("the store's URL names no database", _FORMS)
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise UsageError("the store's URL names no file", _FORMS)
        return parsed
    raise UsageError(f"the store cannot be kept in {kind}", _FORMS)


_FORMS = "write sqlite:///folder/pinery.db, or postgresql://user:password@host/database"
