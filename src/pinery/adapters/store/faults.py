"""What went wrong with the database, in words for the person who has to mend it."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from pinery.core.errors import InternalError, PineryError
from pinery.trading.errors import StoreError

_FULL = ("the disk is full", "free some space; Pinery goes on by itself")
_READ_ONLY = (
    "it may not be written",
    "make its folder, the file and those beside it (-wal, -shm, .lock) writable for the user that runs Pinery",
)
_LOCKED = ("another program keeps it locked", "end the program that has it open, or wait; Pinery goes on by itself")
_GONE = ("it cannot be reached", "look whether the server runs and the network works; Pinery goes on by itself")
_SLOW = ("it took too long to answer", "look at the load of the database server")
_STOOD = (
    "it ended a transaction that stood still",
    "the process or the machine was stopped for a while (suspended, overloaded); Pinery goes on by itself",
)
_ACCESS = ("it refuses the log-in", "look at user, password and rights in the store's URL")
_DAMAGED = ("it is damaged", "move it away and restore the last backup: pinery restore FILE")
_SCHEMA = (
    "its tables are not as this version needs them",
    "start Pinery once with this version: it brings them up to date",
)

#: Start of SQLite's name of the error -> what, and what to do. The longest that fits counts.
_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_AUTH": _READ_ONLY,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_CANTOPEN": ("it cannot be opened", "look whether its folder exists and may be read and written"),
    "SQLITE_IOERR": ("the disk does not take or give data", "look at the disk: it may be full, gone or broken"),
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": ("the file is not a SQLite database", "look at the store's URL"),
}

#: Start of PostgreSQL's error code -> what, and what to do. The longest that fits counts.
_POSTGRESQL = {
    "08": _GONE,
    "28": _ACCESS,
    "3D000": ("there is no such database", "make it: createdb NAME"),
    "25P03": _STOOD,
    "25006": ("it is read-only", "use the URL of the primary server"),
    "40": ("two transactions stood in each other's way", "nothing: it is tried again"),
    "42501": _ACCESS,
    "42": _SCHEMA,
    "53100": _FULL,
    "53300": ("it has no connection left", "raise max_connections of the server, or run fewer processes"),
    "53": ("the server is out of resources", "look at the server's log"),
    "55P03": _LOCKED,
    "57014": _SLOW,
    "57P": _GONE,
    "58": ("the server's disk does not take or give data", "look at the server's log"),
    "XX": _DAMAGED,
}


@contextmanager
def told_as_store_errors(store: str) -> Iterator[None]:
    """Errors of the database raised within come out as StoreError. ``store`` is its URL, without a password.

    Not OSError: a transaction may work with files of its own, which are not the store's.
    """
    try:
        yield
    except PineryError:
        raise
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        raise _store_error(error, store) from error


@contextmanager
def files_told_as_store_errors(store: str) -> Iterator[None]:
    """The same for the files that Pinery itself makes for a store."""
    try:
        yield
    except OSError as error:
        what = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
        hint = _FULL[1] if error.errno in (errno.ENOSPC, errno.EDQUOT) else _READ_ONLY[1]
        raise StoreError(f"the store {store} cannot be used: {what}", hint) from error


def _store_error(error: BaseException, store: str) -> PineryError:
    cause = error.orig if isinstance(error, sa.exc.StatementError) and error.orig is not None else error
    found = _of_cause(cause)
    if found is not None:
        what, hint = found
        return StoreError(f"the store {store} cannot be used: {what}", hint)
    if isinstance(cause, sa.exc.TimeoutError):
        return StoreError(f"the store {store} is busy: no connection became free", "run fewer things at once")
    # The first line says what; the rest may quote statements with their values.
    said = f"{type(cause).__name__}: {cause}".splitlines()[0]
    if isinstance(error, sa.exc.StatementError | sa.exc.InvalidRequestError):
        return InternalError(f"the store {store} was used wrongly: {said}")
    return StoreError(f"the store {store} cannot be used: {said}")


def _of_cause(cause: BaseException) -> tuple[str, str] | None:
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "") or ""
        if name == "SQLITE_ERROR" and "no such" in str(cause):
            return _SCHEMA
        return _longest(_SQLITE, name)
    if hasattr(cause, "sqlstate"):  # psycopg.Error
        if cause.sqlstate is not None:
            return _longest(_POSTGRESQL, str(cause.sqlstate))
        # Without a code the server did not answer, except where what it said of the log-in is all there is.
        said = str(cause)
        if "authentication failed" in said or "no password supplied" in said:
            return _ACCESS
        if "does not exist" in said:
            return _POSTGRESQL["3D000"]
        return _GONE if type(cause).__name__ in ("OperationalError", "ConnectionTimeout", "InterfaceError") else None
    return None


def _longest(table: dict[str, tuple[str, str]], name: str) -> tuple[str, str] | None:
    fits = [start for start in table if name.startswith(start)]
    return table[max(fits, key=len)] if fits else None
