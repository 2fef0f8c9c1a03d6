"""PostgreSQL: one database for the processes of several machines."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from pinery.adapters.store.records import dumps

_CHANNEL = "pinery_work"
_WAKE = sa.text(f"SELECT pg_notify('{_CHANNEL}', '')")
_DO_NOT_WAIT = sa.text("SET LOCAL synchronous_commit = off")
# The last: a process that stands still in a transaction keeps its leases locked, and nobody could take them over.
_SETTINGS = (
    "SET statement_timeout = '30s'; SET lock_timeout = '{lock:g}s'; SET idle_in_transaction_session_timeout = '10s'"
)
_IDLE = 5.0  # seconds after which a connection is tried before it is used
_BLIND = 0.2  # seconds between guesses that something changed, while nobody tells
_AGAIN = 2.0  # seconds between attempts to listen again


class PostgresServer:
    """How transactions run on PostgreSQL: READ COMMITTED, reads on one snapshot."""

    def __init__(self, url: sa.URL, *, lock_timeout: float) -> None:
        self._lock_timeout = lock_timeout
        self.engine = sa.create_engine(
            url,
            json_serializer=dumps,
            pool_size=8,
            max_overflow=24,
            pool_timeout=10,
            pool_recycle=3600,
            isolation_level="READ COMMITTED",
            connect_args={
                "connect_timeout": 5,
                "application_name": "pinery",
                "keepalives_idle": 15,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            },
        )
        logging.getLogger("sqlalchemy.pool.impl.QueuePool").addFilter(_is_news)
        sa.event.listen(self.engine, "connect", self._prepare)
        sa.event.listen(self.engine, "checkin", _put_back)
        sa.event.listen(self.engine, "checkout", _take_out)
        self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._listening = threading.Lock()
        self._listener: psycopg.Connection[Any] | None = None
        self._changes = 0
        self._next_guess = 0.0
        self._next_attempt = 0.0

    @contextmanager
    def writing(self, lasting: bool = True) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            if not lasting:
                connection.execute(_DO_NOT_WAIT)
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self._reading.connect() as connection:
            yield connection

    def wake(self, connection: sa.Connection) -> None:
        """Tells listeners, once this transaction is committed."""
        connection.execute(_WAKE)

    def changed(self, seen: object) -> object:
        """Counts what writers told. While nobody listens: something may have changed, five times a second."""
        with self._listening:
            if self._listener is None and time.monotonic() >= self._next_attempt:
                self._listen()
            if self._listener is not None:
                try:
                    if _told(self._listener):
                        self._changes += 1
                except psycopg.Error:
                    self._stop_listening()
            if self._listener is None and time.monotonic() >= self._next_guess:
                self._next_guess = time.monotonic() + _BLIND
                self._changes += 1
            return self._changes

    def close(self) -> None:
        with self._listening:
            self._stop_listening()
        self.engine.dispose()

    def _listen(self) -> None:
        self._next_attempt = time.monotonic() + _AGAIN
        arguments, options = self.engine.dialect.create_connect_args(self.engine.url)
        try:
            self._listener = psycopg.connect(
                *arguments, **options, autocommit=True, connect_timeout=2, application_name="pinery listens",
                keepalives_idle=15, keepalives_interval=5, keepalives_count=3,
            )  # fmt: skip
            self._listener.execute(f"LISTEN {_CHANNEL}")
        except psycopg.Error:
            self._stop_listening()
            return
        self._changes += 1  # what was told before nobody heard

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _prepare(self, connection: Any, record: Any) -> None:
        before, connection.autocommit = connection.autocommit, True
        connection.execute(_SETTINGS.format(lock=self._lock_timeout))
        connection.autocommit = before


def _told(listener: psycopg.Connection[Any]) -> bool:
    """True if notices came; does not wait for any."""
    server = listener.pgconn
    server.consume_input()
    told = False
    while server.notifies() is not None:
        told = True
    return told


def _is_news(record: logging.LogRecord) -> bool:
    """A cursor that cannot be closed is one of a connection that broke: who used it tells that, without a traceback."""
    return record.msg != "Error closing cursor"


def _put_back(connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _take_out(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that idled may be dead: it is tried, and the pool opens another. One in steady use is not."""
    used = record.info.get("used")
    if used is None or time.monotonic() - used < _IDLE:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise sa.exc.DisconnectionError from error
