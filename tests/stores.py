"""Stores for tests: a SQLite file, and a database of its own on the local PostgreSQL server."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from pinery.adapters.store.database import SqlStore, open_store

#: Where tests find PostgreSQL: a database to connect to for making others.
SERVER = os.environ.get("PINERY_TEST_POSTGRESQL", "postgresql://root@127.0.0.1:5432/test")

KINDS = ("sqlite", "postgresql")


@contextmanager
def sqlite_store(folder: Path) -> Iterator[SqlStore]:
    store = open_store(f"sqlite:///{folder / 'pinery.db'}")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def postgres_url() -> Iterator[str]:
    """An empty database, dropped afterwards. Skips the test, with the reason, where no server is reached."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {SERVER} (PINERY_TEST_POSTGRESQL names another): {str(error).splitlines()[0]}")
    name = f"pinery_{uuid.uuid4().hex[:16]}"
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{SERVER.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(SERVER, autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def postgres_store() -> Iterator[SqlStore]:
    with postgres_url() as url:
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()


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
    with store_url(kind, folder) as url:
        store = open_store(url)
        try:
            yield store
        finally:
            store.close()
