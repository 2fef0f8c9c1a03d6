"""Stores for tests: a SQLite file, and a database of its own on the local PostgreSQL server."""

from __future__ import annotations

import atexit
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.tables import metadata
from pinery.adapters.store.transaction import SqlTx

#: Where tests find PostgreSQL: a database to connect to for making others.
SERVER = os.environ.get("PINERY_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")

KINDS = ("sqlite", "postgresql")

_idle: list[str] = []  # databases with empty tables, for the next test: making one takes most of a second


@cache
def _tables() -> bytes:
    """A SQLite file with empty tables: making them takes much longer than opening a copy."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        open_store(f"sqlite:///{path}").close()
        return path.read_bytes()


def new_sqlite(path: Path) -> str:
    """The URL of a store with empty tables at ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600, exist_ok=False)
    path.write_bytes(_tables())
    return f"sqlite:///{path}"


@contextmanager
def sqlite_store(folder: Path) -> Iterator[SqlStore]:
    with _opened(new_sqlite(folder / "pinery.db")) as store:
        yield store


@contextmanager
def postgres_store() -> Iterator[SqlStore]:
    """Skips the test, with the reason, where no server is reached."""
    url = _idle.pop() if _idle else _create()
    try:
        with _opened(url) as store:
            yield store
            store.write(_empty)
        _idle.append(url)
    except BaseException:
        _drop(url)
        raise


@contextmanager
def postgres_url() -> Iterator[str]:
    """An empty database, dropped afterwards. Skips the test, with the reason, where no server is reached."""
    url = _create()
    try:
        yield url
    finally:
        _drop(url)


@contextmanager
def store_url(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a store that does not exist yet, of one of ``KINDS``."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'pinery.db'}"
    else:
        with postgres_url() as url:
            yield url


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[SqlStore]:
    with sqlite_store(folder) if kind == "sqlite" else postgres_store() as store:
        yield store


@contextmanager
def _opened(url: str) -> Iterator[SqlStore]:
    store = open_store(url)
    try:
        yield store
    finally:
        store.close()


def _create() -> str:
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=60)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER} (PINERY_TEST_POSTGRESQL names another): {str(error).splitlines()[0]}")
    name = f"pinery_{uuid.uuid4().hex[:16]}"
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _drop(url: str) -> None:
    with psycopg.connect(SERVER, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')


def _empty(tx: SqlTx) -> None:
    # In one go: the server ends a transaction that a busy machine leaves standing between two statements.
    driver: Any = tx.connection.connection.driver_connection
    driver.execute("; ".join(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables))


@atexit.register
def _drop_all() -> None:
    while _idle:
        _drop(_idle.pop())
