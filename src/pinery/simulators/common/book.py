"""What a simulated venue must not forget: records by kind and id, in an SQLite file or in memory.

A request's changes are one transaction, written before it is answered: a venue that said yes does not forget.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from pinery.core.errors import DataError

_TABLE = "CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, value TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
_PUT = "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value"


class VenueBook:
    """``path`` None: nothing is kept; else the file is this venue's alone while it is open.

    Values are JSON objects; numbers that must stay exact are texts.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._changed: dict[tuple[str, str], Mapping[str, Any] | None] = {}
        self._connection: sqlite3.Connection | None = None
        if path is None:
            return
        try:
            self._connection = sqlite3.connect(path, timeout=1, check_same_thread=False)
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # two venues cannot be one
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(_TABLE)
            self._connection.commit()
        except sqlite3.Error as error:
            if self._connection is not None:
                self._connection.close()
            locked = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_BUSY
            why = "another simulator has it" if locked else error
            hint = "end the other one, or choose another file" if locked else "name a state's file, or a new one"
            raise DataError(f"the simulator's state cannot be kept in {path}: {why}", hint) from None

    def put(self, kind: str, id: str, value: Mapping[str, Any] | None) -> None:
        """With the next ``commit``. None takes the record away."""
        if self._connection is not None:
            self._changed[kind, id] = value

    def commit(self) -> None:
        if self._connection is None or not self._changed:
            return
        changed, self._changed = self._changed, {}
        with self._connection:
            for (kind, id), value in changed.items():
                if value is None:
                    self._connection.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, id))
                else:
                    self._connection.execute(_PUT, (kind, id, json.dumps(value)))

    def records(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._connection is None:
            return
        with closing(self._connection.execute("SELECT id, value FROM records WHERE kind = ?", (kind,))) as found:
            for id, value in found.fetchall():
                yield id, json.loads(value)

    def close(self) -> None:
        self.commit()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
